import t from 'tap'
import type { TenancyOptions } from '../../lib/index.ts'
import { type Battlefield, type Send, battlefield } from '../support/attack.ts'
import { injections } from '../support/injections.ts'
import { SIGNING } from '../support/signing.ts'
import { tenantApp } from '../support/tenancy-app.ts'
import { tokenOf } from '../support/tokens.ts'

/** How an attacker gets the text to the server. */
const WAYS: Readonly<Record<string, (field: Battlefield) => Send>> = {
  'in one statement': ({ asStatement }) => asStatement,
  'in a transaction': ({ inTransaction }) => inTransaction,
  'in a text': ({ asText }) => asText
}

/** A connection of the application's role, whoever has it: signing alone holds there. */
const ALL_WAYS: typeof WAYS = { ...WAYS, 'on a connection of its own': ({ onConnection }) => onConnection }

t.test('there are many', async (t) => {
  t.ok(injections({ table: 'shared.docs', owner: 'owner' }).length >= 100)
})

for (const isolation of ['rls', 'schema+rls'] as const) {
  t.test(`SQL injection as a tenant under ${isolation}`, async (t) => {
    t.test('reads and writes nothing of another tenant where the context is signed', async (t) => {
      const field = await battlefield(t, isolation, { signing: SIGNING })
      for (const [name, way] of Object.entries(ALL_WAYS)) t.same(await field.attack(way(field)), [], name)
    })

    t.test('reads and writes nothing of another tenant through the tenant client where the settings are locked', async (t) => {
      const field = await battlefield(t, isolation, { locked: true })
      for (const [name, way] of Object.entries(WAYS)) t.same(await field.attack(way(field)), [], name)
    })

    t.test('does where it is neither, so that this test can fail', async (t) => {
      const field = await battlefield(t, isolation)
      for (const [name, way] of Object.entries(ALL_WAYS)) t.ok((await field.attack(way(field))).length >= 15, name)
    })
  })
}

t.test('a route that builds SQL of what a client sends', async (t) => {
  const scene = async (t: Parameters<typeof battlefield>[0], options: Pick<TenancyOptions, 'signing'> = {}): Promise<readonly string[]> => {
    const field = await battlefield(t, 'rls', options)
    const { app } = await tenantApp(t, field, options, (app) => {
      app.post<{ Body: { query: string } }>('/search', async (request) => await app.sql.unsafe(request.body.query))
      app.post<{ Body: { query: string } }>('/search/transaction', { config: { tenancy: { transaction: true } } }, async (request) => await app.sql.unsafe(request.body.query))
    })
    const headers = { authorization: tokenOf('acme') }
    const send = (url: string): Send => async (query) => (await app.inject({ method: 'POST', url, headers, payload: { query } })).body
    return [...await field.attack(send('/search')), ...await field.attack(send('/search/transaction'))]
  }
  t.test('gives away nothing of another tenant where the context is signed', async (t) => t.same(await scene(t, { signing: SIGNING }), []))
  t.test('does where it is not, so that this test can fail', async (t) => t.ok((await scene(t)).length >= 15))
})

import t from 'tap'
import { resolveConfig } from '../../../../lib/settings/config/index.ts'
import { provision } from '../../../../lib/operations/provisioning/index.ts'

// Nobody listens there: what is refused is refused before anything connects.
const config = resolveConfig({ mode: 'multi', database: 'postgres://app@127.0.0.1:1/x', ownerDatabase: 'postgres://owner@127.0.0.1:1/x' }, {})

/** What a caller without types gives. */
const provisionOf = (request: unknown): Promise<unknown> => Promise.resolve(Reflect.apply(provision, undefined, [config, request]))

t.test('provision()', async (t) => {
  const refuses = (request: unknown, message: RegExp) => t.rejects(provisionOf(request), { code: 'FST_TENANCY_OPTIONS_INVALID', message }, String(message))

  t.test('connects when nothing is wrong', async (t) => {
    await t.rejects(provisionOf({ id: 'acme', name: 'Acme', isolation: 'rls' }), { code: 'FST_TENANCY_DATABASE_UNREACHABLE' })
    await t.rejects(provisionOf({ id: 'acme', name: undefined, isolation: undefined }), { code: 'FST_TENANCY_DATABASE_UNREACHABLE' })
  })

  t.test('refuses what is no object', async () => {
    for (const request of [undefined, null, 'acme', ['acme']]) await refuses(request, /needs an object/)
  })

  t.test('refuses names that it does not know, with every other problem', async () => {
    await refuses({ id: 'acme', isolaton: 'rls' }, /isolaton is not known here\. Did you mean "isolation"/)
    await refuses({ tenant: 'acme', name: '' }, /- tenant .*\n- id is required.*\n- name must be/)
    await refuses({ id: 'acme', isolation: 'tables' }, /isolation must be/)
  })

  t.test('refuses an id of other characters', async (t) => {
    for (const id of ['a b', '', 7, null]) await t.rejects(provisionOf({ id }), { code: 'FST_TENANCY_TENANT_ID_INVALID' })
  })
})

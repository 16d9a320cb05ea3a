import t from 'tap'
import type { Sql } from 'postgres'
import { createTenantClient } from '../../lib/data/client/index.ts'
import { runInContext, tenantContext } from '../../lib/settings/context/index.ts'
import { createEnforcement } from '../../lib/settings/enforcement/index.ts'
import type { IsolationStrategyName, TenancyOptions } from '../../lib/index.ts'
import { onlyPlace, settingsFor, testLanes } from '../support/lanes.ts'
import { SIGNING } from '../support/signing.ts'
import { type TestTenancy, testTenancy } from '../support/tenancy.ts'

type AsForced = <T>(fn: (sql: Sql) => PromiseLike<T>) => Promise<T>

/** A tenant client that is sent, by hand, into the schema of another tenant. */
async function forced (t: Parameters<typeof testLanes>[0], test: TestTenancy, reader: string, schema: string): Promise<AsForced> {
  const surroundings = await testLanes(t, test.appUrl)
  const enforcement = createEnforcement(true, { info () {}, warn () {}, error () {} })
  const tenant = await test.tenancy.registry.get(reader)
  const whereabouts = { forget () {}, find: async () => tenant }
  const places = onlyPlace(surroundings, () => settingsFor(reader, schema))
  const { sql } = createTenantClient({ places, timeouts: surroundings.timeouts, enforcement, whereabouts })
  return (fn) => runInContext(tenantContext(tenant), async () => await fn(sql))
}

const bodies = (rows: readonly { readonly body?: unknown }[]): unknown[] => rows.map((row) => row.body)

const WAYS: ReadonlyArray<readonly [IsolationStrategyName, TenancyOptions]> = [
  ['schema+rls', {}], ['schema', {}], ['rls', {}], ['schema+rls', { signing: SIGNING }], ['schema', { signing: SIGNING }], ['rls', { signing: SIGNING }],
  ['schema+rls', { locked: true }], ['schema', { locked: true }], ['rls', { locked: true }]
]

for (const [isolation, options] of WAYS) {
  t.test(`${isolation}${options.signing === undefined ? '' : ', signed'}${options.locked === true ? ', locked' : ''}`, async (t) => {
    const { sql, as, documents } = await testTenancy(t, { isolation, ...options })

    t.test('shows each tenant its own row of a key that both have', async (t) => {
      for (const id of ['acme', 'globex']) t.same(await as(id, () => sql`select id, body from docs`), [{ id: 1, body: `secret of ${id}` }])
    })

    t.test('keeps writes, changes and deletions with their tenant', async (t) => {
      await as('acme', () => sql`insert into docs (id, body) values (2, 'new')`)
      await as('globex', () => sql`update docs set body = 'changed'`)
      await as('acme', () => sql`delete from docs where id = 1`)
      t.same((await documents()).map(({ tenant_id: tenant, id, body }) => `${tenant} ${id} ${body}`), ['acme 2 new', 'globex 1 changed'])
    })

    t.test('answers two hundred statements of both at once without a wrong row', async (t) => {
      const answers = await Promise.all(Array.from({ length: 200 }, async (_, index) => {
        const id = index % 2 === 0 ? 'acme' : 'globex'
        const rows = await as(id, () => sql`select zakops_tenancy.current_tenant() as tenant, tenant_id from docs`)
        return rows.every((row) => row['tenant'] === id && row['tenant_id'] === id)
      }))
      t.equal(answers.filter((isRight) => isRight).length, 200)
    })
  })
}

t.test('schema+rls', async (t) => {
  t.test('holds by the schema alone when its policies are gone', async (t) => {
    const { sql, as, admin, documents } = await testTenancy(t)
    for (const id of ['acme', 'globex']) {
      await admin.unsafe(`alter table tenant_${id}.docs disable row level security`)
      for (const { polname } of await admin`select polname from pg_policy where polrelid = ${`tenant_${id}.docs`}::regclass`) {
        await admin`drop policy ${admin(polname)} on ${admin.unsafe(`tenant_${id}`)}.docs`
      }
    }
    for (const id of ['acme', 'globex']) t.same(bodies(await as(id, () => sql`select body from docs`)), [`secret of ${id}`])
    t.same(bodies(await as('acme', () => sql`select body from tenant_globex.docs`)), ['secret of globex'], 'mutation: the policies are really gone')
    t.equal((await documents()).length, 2)
  })

  t.test('holds by the policies alone when the path is another tenant\'s', async (t) => {
    const test = await testTenancy(t)
    const acmeInGlobex = await forced(t, test, 'acme', 'tenant_globex')
    t.same(await acmeInGlobex((sql) => sql`select * from docs`), [])
    t.equal((await acmeInGlobex((sql) => sql`update docs set body = 'stolen'`)).count, 0)
    t.equal((await acmeInGlobex((sql) => sql`delete from docs`)).count, 0)
    await t.rejects(acmeInGlobex((sql) => sql`insert into docs (tenant_id, id, body) values ('globex', 2, 'planted')`), { code: '42501' })
    await t.rejects(acmeInGlobex((sql) => sql`insert into docs (id, body) values (3, 'planted as my own')`), { code: '23514' })
    t.same((await test.documents()).filter(({ tenant_id: tenant }) => tenant === 'globex').map(({ body }) => body), ['secret of globex'])
    const globexAtHome = await forced(t, test, 'globex', 'tenant_globex')
    t.same(bodies(await globexAtHome((sql) => sql`select body from docs`)), ['secret of globex'], 'positive control')
    await test.admin`alter table tenant_globex.docs disable row level security`
    t.same(bodies(await acmeInGlobex((sql) => sql`select body from docs`)), ['secret of globex'], 'mutation: without the policy the path decides')
  })

  t.test('shows nothing of a schema that SQL names', async (t) => {
    const { sql, as } = await testTenancy(t)
    t.same(await as('acme', () => sql`select * from tenant_globex.docs`), [])
    t.same(bodies(await as('globex', () => sql`select body from tenant_globex.docs`)), ['secret of globex'], 'positive control')
  })
})

t.test('rls', async (t) => {
  t.test('holds by nothing but its policy (mutation)', async (t) => {
    const { sql, as, admin } = await testTenancy(t, { isolation: 'rls' })
    t.same(bodies(await as('acme', () => sql`select body from docs`)), ['secret of acme'])
    await admin`alter table shared.docs disable row level security`
    t.equal((await as('acme', () => sql`select body from docs`)).count, 2)
  })

  t.test('refuses a row written for another tenant, and moving one there (T-11)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { isolation: 'rls' })
    await t.rejects(as('acme', () => sql`insert into docs ${sql({ tenant_id: 'globex', id: 2, body: 'planted' })}`), { code: '42501' })
    await t.rejects(as('acme', () => sql`update docs set tenant_id = 'globex', id = 2`), { code: '42501' })
    t.equal((await documents()).length, 2)
  })
})

t.test('tenants of different strategies live beside each other', async (t) => {
  const { tenancy, sql, as, documents } = await testTenancy(t)
  await tenancy.provision({ id: 'initech', isolation: 'rls' })
  await tenancy.provision({ id: 'hooli', isolation: 'schema' })
  for (const id of ['initech', 'hooli']) await as(id, () => sql`insert into docs (id, body) values (1, ${`secret of ${id}`})`)
  for (const id of ['acme', 'globex', 'initech', 'hooli']) t.same(bodies(await as(id, () => sql`select body from docs`)), [`secret of ${id}`])
  t.same((await documents()).map(({ place }) => place).sort(), ['shared', 'tenant_acme', 'tenant_globex', 'tenant_hooli'])
})

t.test('a tenant whose schema is gone', async (t) => {
  t.test('gets one clear error, nothing of it reaches another schema, and provisioning again repairs it', async (t) => {
    const { tenancy, sql, as, admin } = await testTenancy(t)
    await admin`drop schema tenant_acme cascade`
    await t.rejects(as('acme', () => sql`create table docs (a int)`), { code: 'FST_TENANCY_SCHEMA_MISSING', statusCode: 503 })
    await t.rejects(as('acme', () => sql`select 1`), { code: 'FST_TENANCY_SCHEMA_MISSING' })
    t.same(bodies(await as('globex', () => sql`select body from docs`)), ['secret of globex'])
    await tenancy.provision({ id: 'acme' })
    t.same(await as('acme', () => sql`select body from docs`), [])
  })
})

import t from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { testDatabase } from '../support/database.ts'
import { testTenancy } from '../support/tenancy.ts'
import { hasFastProperties } from '../support/v8.ts'

/** A logger that keeps its warnings. */
function keptLog (): { readonly log: { info (): void, warn (details: object, message: string): void, error (): void }, readonly warnings: string[] } {
  const warnings: string[] = []
  return { warnings, log: { info () {}, warn: (_details, message) => { warnings.push(message) }, error () {} } }
}

t.test('createTenancy()', async (t) => {
  t.test('refuses a database that was not set up, instead of every request', async (t) => {
    const { appUrl } = await testDatabase(t, { isSetUp: false })
    await t.rejects(createTenancy({ mode: 'multi', database: appUrl, log: keptLog().log }), { code: /FST_TENANCY_(REGISTRY_UNAVAILABLE|ROLE_UNSAFE)/ })
  })

  t.test('refuses a database that an older version set up', async (t) => {
    const { appUrl, admin } = await testDatabase(t)
    await admin`drop table zakops_tenancy.registry_version`
    await t.rejects(createTenancy({ mode: 'multi', database: appUrl, log: keptLog().log }), { code: 'FST_TENANCY_REGISTRY_UNAVAILABLE', message: /of this version/ })
  })

  t.test('refuses a superuser and the owner in multi mode, in one coded error that says what to use instead', async (t) => {
    const { adminUrl, ownerUrl } = await testTenancy(t)
    for (const database of [adminUrl, ownerUrl]) {
      await t.rejects(createTenancy({ mode: 'multi', database, log: keptLog().log }), { code: 'FST_TENANCY_ROLE_UNSAFE', message: /setUpDatabase/ })
    }
  })

  t.test('observes such a role, and warns', async (t) => {
    const { ownerUrl } = await testTenancy(t)
    const { log, warnings } = keptLog()
    const tenancy = await createTenancy({ mode: 'multi', database: ownerUrl, enforce: false, log })
    t.teardown(() => tenancy.close())
    t.match(warnings.join('\n'), /only logged[\s\S]*would be refused/)
    t.match(await tenancy.stats(), { observed: 1 })
  })

  t.test('lets V8 compile what the driver makes results of', async (t) => {
    const { tenancy } = await testTenancy(t)
    const result = await tenancy.runWithTenant('acme', async () => await tenancy.sql`select 1 as one`)
    t.ok(hasFastProperties(result.constructor))
  })

  t.test('refuses an unreachable database in one coded error', async (t) => {
    await t.rejects(createTenancy({ mode: 'multi', database: 'postgres://nobody@127.0.0.1:1/nothing' }), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', statusCode: 503 })
  })

  t.test('refuses options that are no object', async (t) => {
    for (const options of ['postgres://x', ['x'], null]) {
      await t.rejects(Reflect.apply(createTenancy, undefined, [options]), { code: 'FST_TENANCY_OPTIONS_INVALID', message: /must be an object/ })
    }
  })

  t.test('warns when options of many tenants are given in single mode', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { log, warnings } = keptLog()
    const tenancy = await createTenancy({ database: appUrl, jwt: { secret: 'x' }, log })
    t.teardown(() => tenancy.close())
    t.match(warnings.join('\n'), /TENANT_MODE=multi/)
  })

  t.test('serves one fixed tenant in single mode, without a registry', async (t) => {
    const { appUrl, admin } = await testTenancy(t)
    await admin`drop table zakops_tenancy.tenants cascade`
    const tenancy = await createTenancy({ mode: 'single', tenantId: 'acme', database: appUrl, log: keptLog().log })
    t.teardown(() => tenancy.close())
    t.same(await tenancy.runWithTenant('acme', () => tenancy.sql`select body from docs`), [{ body: 'secret of acme' }])
    await t.rejects(tenancy.runWithTenant('globex', () => 1), { code: 'FST_TENANCY_TENANT_DENIED' })
  })

  t.test('needs a function to run', async (t) => {
    const { tenancy } = await testTenancy(t)
    for (const name of ['runWithTenant', 'runWithoutTenant'] as const) {
      await t.rejects(Reflect.apply(tenancy[name], tenancy, ['acme']), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    }
  })

  t.test('stops a statement at its deadline, and says which one to raise', async (t) => {
    const { sql, as, tenancy } = await testTenancy(t, { timeouts: { statement: 1_000 } })
    await t.rejects(as('acme', () => sql`select pg_sleep(5)`), { code: 'FST_TENANCY_SQL_DEADLINE', message: /timeouts\.statement/ })
    t.match(await tenancy.stats(), { lanes: { connections: { discarded: 0 } } })
  })
})

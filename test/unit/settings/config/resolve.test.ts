import t from 'tap'
import { type TenancyOptions, resolveConfig } from '../../../../lib/settings/config/index.ts'

const DATABASE = 'postgres://app:secret@127.0.0.1:5432/zakops'

/** What comes from JavaScript or a settings file, where no compiler looks at it. */
function untyped (options: unknown): TenancyOptions {
  return JSON.parse(JSON.stringify(options))
}

function problemsOf (options: unknown, environment: Record<string, string> = {}): string[] {
  try {
    resolveConfig(untyped(options), environment)
    return []
  } catch (error) {
    if (!(error instanceof TypeError) || Reflect.get(error, 'code') !== 'FST_TENANCY_OPTIONS_INVALID') throw error
    return error.message.split('\n').slice(1)
  }
}

t.test('resolveConfig()', async (t) => {
  t.test('fills in every default', async (t) => {
    t.match(resolveConfig({ database: DATABASE }, {}), {
      mode: 'single',
      tenantId: 'default',
      enforce: true,
      isolation: 'schema+rls',
      claim: 'tenant_id',
      agree: {},
      sharedSchema: 'shared',
      lanes: { max: 10 },
      timeouts: { connect: 10_000 }
    })
  })

  t.test('takes settings from the environment, and options before them', async (t) => {
    const environment = {
      TENANT_MODE: 'multi', TENANT_ID: 'acme', ENFORCE_TENANT_ISOLATION: 'false', DATABASE_URL: DATABASE, TENANT_ISOLATION: 'rls', TENANT_CLAIM: 'org.id'
    }
    t.match(resolveConfig({}, environment), { mode: 'multi', tenantId: 'acme', enforce: false, database: DATABASE, isolation: 'rls', claim: 'org.id' })
    t.match(resolveConfig({ mode: 'single', enforce: true, isolation: 'schema' }, environment), { mode: 'single', enforce: true, isolation: 'schema' })
  })

  t.test('counts an undefined option and an empty variable as absent', async (t) => {
    const options = { database: DATABASE }
    for (const name of ['mode', 'claim']) Reflect.set(options, name, undefined)
    const config = resolveConfig(options, { TENANT_MODE: '', TENANT_CLAIM: 'org', DATABASE_URL: '' })
    t.match(config, { mode: 'single', claim: 'org', database: DATABASE })
  })

  t.test('reports all problems at once', async (t) => {
    const problems = problemsOf({ mode: 'both', isolaton: 'rls', lanes: { max: 0, mx: 1 }, agree: { host: 'example.com' } }, { ENFORCE_TENANT_ISOLATION: 'flase' })
    t.equal(problems.length, 7, problems.join('\n'))
    const text = problems.join('\n')
    t.match(text, /mode \(TENANT_MODE\) must be "single" or "multi"/)
    t.match(text, /isolaton is not an option\. Did you mean "isolation"\?/)
    t.match(text, /lanes\.mx is not an option\. Did you mean "max"\?/)
    t.match(text, /lanes\.max must be a whole number from 1 to 1000/)
    t.match(text, /agree\.host must be a pattern/)
    t.match(text, /database \(DATABASE_URL\) is required/)
    t.match(text, /ENFORCE_TENANT_ISOLATION must be "true", "false", "1" or "0"/)
  })

  t.test('lists the options where no name is near', async (t) => {
    t.match(problemsOf({ database: DATABASE, xyzzy: 1 }), [/xyzzy is not an option\. The options are: mode, tenantId/])
  })

  t.test('never makes a right value of a wrong one', async (t) => {
    for (const enforce of ['false', 'true', 0, 1, null, [], {}]) {
      t.match(problemsOf({ database: DATABASE, enforce }), [/enforce \(ENFORCE_TENANT_ISOLATION\) must be true or false, not a text/], JSON.stringify(enforce))
    }
    for (const claim of [1, ['tenant_id'], '']) t.equal(problemsOf({ database: DATABASE, claim }).length, 1, JSON.stringify(claim))
    for (const max of ['10', 1.5, -1, 1e9]) t.equal(problemsOf({ database: DATABASE, lanes: { max } }).length, 1, JSON.stringify(max))
    for (const lanes of [null, 'many', [], 5]) t.ok(problemsOf({ database: DATABASE, lanes }).length > 0, JSON.stringify(lanes))
  })

  t.test('reads booleans of the environment by an exact list', async (t) => {
    for (const [text, enforce] of [['true', true], ['1', true], ['false', false], ['0', false]] as const) {
      t.equal(resolveConfig({ database: DATABASE }, { ENFORCE_TENANT_ISOLATION: text }).enforce, enforce)
    }
    for (const text of ['False', 'no', 'off', ' false', 'constructor', '__proto__']) {
      t.equal(problemsOf({ database: DATABASE }, { ENFORCE_TENANT_ISOLATION: text }).length, 1, text)
    }
  })

  t.test('refuses a tenant id, an isolation and schemas that cannot be used', async (t) => {
    t.match(problemsOf({ database: DATABASE, tenantId: 'a.b' }), [/tenantId \(TENANT_ID\) must be 1 to 56/])
    t.match(problemsOf({ database: DATABASE, isolation: 'tables' }), [/must be "schema\+rls" or "schema" or "rls" or "database"/])
    t.match(problemsOf({ database: DATABASE, sharedSchema: 'public' }), [/sharedSchema must be/])
    t.match(problemsOf({ database: DATABASE, extensionsSchema: 'tenant_acme' }), [/extensionsSchema must be/])
    t.match(problemsOf({ database: DATABASE, sharedSchema: 'extensions' }), [/must be two schemas/])
  })

  t.test('freezes what it returns and leaves what it was given as it was', async (t) => {
    const options = { database: DATABASE, lanes: { max: 3 }, agree: { header: 'x-tenant-id' }, jwt: { secret: 'a secret' } }
    const before = structuredClone(options)
    const config = resolveConfig(options, {})
    t.same(options, before)
    t.notOk(Object.isFrozen(options.lanes) || Object.isFrozen(options.agree) || Object.isFrozen(options.jwt))
    for (const part of [config, config.lanes, config.agree, config.timeouts]) t.ok(Object.isFrozen(part))
    t.equal(config.jwt, options.jwt, 'what belongs to @fastify/jwt is handed on as it is')
  })
})

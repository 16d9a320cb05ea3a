import { LeakSuiteUnusableError } from '../../../words/errors/index.ts'
import { withServer } from '../administrator.ts'
import { type TenantDatabase, createTenantDatabase } from '../tenant-database.ts'
import { beforeDefinerViews } from './definers.ts'
import { worstOf } from './journal.ts'
import { type LeakReport, reportOf } from './report.ts'
import { type RunResult, isolationOf, run } from './run.ts'
import { type Scene, setScene } from './scene.ts'
import type { AppFactory, AppUnderTest, LayerVerdict, LeakSuiteOptions, RouteVerdict } from './types.ts'

/**
 * Calls every route of your service as one tenant with the ids, names and rows of another, and says of each route whether it
 * is isolated, leaking or was not exercised.
 *
 * It makes a database with two tenants whose rows have the same keys, builds the service on copies of it (once with its own
 * number of connections, once with one), and calls: each tenant its own, with ids that only the other has and that nobody
 * has, with headers, hosts, queries and bodies that name the other tenant, both at once, hanging up, before and after the
 * other's rows change, and with jobs that go on behind the answer. What leaks is seen in answers, in the rows themselves, as
 * differences between answers, in caching headers, in statements past the plugin, and in statements without a tenant.
 *
 * The package is imported before the app is made, so that its routes are seen. Test data only: it writes and deletes.
 *
 * @example
 * import Fastify from 'fastify'
 * import zakopsTenancy from 'zakops-tenancy'
 * import { leakSuite } from 'zakops-tenancy/testing'
 *
 * const report = await leakSuite(async (options) => {
 *   const app = Fastify()
 *   await app.register(zakopsTenancy, options)
 *   app.get('/deals', async () => app.sql`select * from deals`)
 *   return app
 * }, { migrations: 'migrations' })
 * report.assertIsolated()
 *
 * @throws {LeakSuiteUnusableError} FST_TENANCY_TESTING_SUITE_UNUSABLE — the app or the options cannot be used so.
 */
export async function leakSuite (app: AppUnderTest | AppFactory, options: LeakSuiteOptions = {}): Promise<LeakReport> {
  return await withScene(app, options, async (database, scene) => {
    if (typeof app !== 'function') {
      const { routes, layers, service } = await run({ scene, database, options, first: 0, open: async () => ({ app, isOurs: false }) })
      return reportOf({ routes, layers, service, unseeded: scene.unseeded })
    }
    const wide = await runOnCopy(database, scene, options, app, 0)
    // One connection, and the other tenant first: an answer that depends on who came before differs.
    const narrow = await runOnCopy(database, scene, options, (given) => app({ ...given, lanes: { max: 1 } }), 1)
    return reportOf({ routes: withOrderLeaks(worstOf([wide.routes, narrow.routes]), wide, narrow), layers: worstLayers([wide, narrow]), service: [...wide.service, ...narrow.service], unseeded: scene.unseeded })
  })
}

/** Makes the database and the tenants of a suite, and drops what it made. */
export async function withScene<T> (app: AppUnderTest | AppFactory, options: LeakSuiteOptions, fn: (database: TenantDatabase, scene: Scene) => Promise<T>): Promise<T> {
  if (typeof app !== 'function' && options.on === undefined) {
    throw new LeakSuiteUnusableError('- an app that is built already needs options.on: make it with createTenantDatabase, build the app with its options, and give it here; or give a function that builds the app')
  }
  const { on, routes: _routes, openapi: _openapi, seed: _seed, headers: _headers, settle: _settle, ...making } = options
  const database = on ?? await createTenantDatabase(making)
  try {
    return await fn(database, await setScene(database, options))
  } finally {
    if (on === undefined) await database.close()
  }
}

/** Runs on a copy of the database, so that each run begins with the same rows. */
export async function runOnCopy (database: TenantDatabase, scene: Scene, options: LeakSuiteOptions, build: AppFactory, first: 0 | 1, prepare: (copy: TenantDatabase) => Promise<void> = async () => {}): Promise<RunResult> {
  const copy = await database.clone()
  try {
    await prepare(copy)
    const start = async (): Promise<AppUnderTest> => await withServer(copy.adminUrl, async (admin) => await beforeDefinerViews(admin, isolationOf(copy), () => started(build, copy)))
    return await run({ scene, database: copy, options, first, open: async () => ({ app: await start(), isOurs: true }) })
  } finally {
    await copy.close()
  }
}

async function started (build: AppFactory, { options }: TenantDatabase): Promise<AppUnderTest> {
  const app = await build(options)
  try {
    await app.ready()
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}

/** What a tenant is told must not depend on who asked before: the same question has the same answer in both orders. */
function withOrderLeaks (routes: readonly RouteVerdict[], wide: RunResult, narrow: RunResult): readonly RouteVerdict[] {
  return routes.map((verdict) => {
    const differing = [1, 2].filter((number) => {
      const key = `${verdict.route} as tenant ${number}`
      const [one, two] = [wide.firstAnswers.get(key), narrow.firstAnswers.get(key)]
      return one !== undefined && two !== undefined && one !== two
    })
    if (differing.length === 0) return verdict
    const leak = {
      detector: 'cache',
      request: verdict.route,
      evidence: 'a tenant is answered differently when the other tenant has asked before',
      advice: 'Look for caches without the tenant in their key, promises that are kept, and counters at module level.'
    }
    return { ...verdict, verdict: 'leaking', reason: '', leaks: [...verdict.leaks, leak] }
  })
}

function worstLayers (runs: readonly RunResult[]): readonly LayerVerdict[] {
  const [first] = runs
  return (first?.layers ?? []).map((verdict) => runs.flatMap(({ layers }) => layers).find(({ layer, holds }) => layer === verdict.layer && !holds) ?? verdict)
}

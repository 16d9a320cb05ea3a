import { strategyOf } from '../../../data/isolation/index.ts'
import { MutationSurvivedError } from '../../../words/errors/index.ts'
import type { TenantDatabase } from '../tenant-database.ts'
import { layersOf } from './layers.ts'
import { type LeakReport, reportOf } from './report.ts'
import { type RunResult, isolationOf, run } from './run.ts'
import type { Scene } from './scene.ts'
import { runOnCopy, withScene } from './suite.ts'
import { dropPolicies, handOnDoubted, liftForceOf, omitHook, swapPaths } from './take-away.ts'
import type { AppFactory, AppUnderTest, Layer, LeakSuiteOptions } from './types.ts'

/** What was taken away: one layer, or under `schema+rls` the two that stand in for each other. */
export type Mutation = Layer | 'policy and path'

/** What became of the suite without a layer. */
export interface MutationVerdict {
  readonly mutation: Mutation
  /** Whether the suite noticed. */
  readonly isRed: boolean
  /** The routes that leak, or do not serve their tenant any more. */
  readonly byRoutes: readonly string[]
  /** The first thing that was noticed. */
  readonly evidence: string
}

/** What mutation mode found. */
export interface MutationReport {
  readonly mutations: readonly MutationVerdict[]
  /**
   * Returns if the suite noticed each layer that was taken away.
   * @throws {MutationSurvivedError} FST_TENANCY_TESTING_MUTATION_SURVIVED — the message names those that it did not.
   */
  assertRed (): void
  /** The table, for people. */
  toString (): string
}

/**
 * Takes away one layer after the other, each on a copy of the database that is dropped afterwards, and runs the suite: it has
 * to turn red each time, or it would not notice the day that the layer is gone.
 *
 * - `policy`: the restrictive policies are dropped.
 * - `FORCE`: the owner of the tables is no longer held by them.
 * - `path`: the schemas of the two tenants change names; under `rls`, the shared one leads to tables without policies.
 * - `hook`: the plugin is registered without the hook that runs a request with its tenant.
 * - `lane discard`: a connection whose transaction was given up in the middle is handed on.
 * - `policy and path` (under `schema+rls`): both, so that the routes themselves have to leak.
 *
 * The service is built by your function as it is: what is taken away is taken from the database, from Fastify's `addHook`, or
 * from the lanes of this process, and put back. With nothing taken away the suite has to be green first.
 *
 * @example
 * import Fastify from 'fastify'
 * import zakopsTenancy from 'zakops-tenancy'
 * import { mutateLayers } from 'zakops-tenancy/testing'
 *
 * const report = await mutateLayers(async (options) => {
 *   const app = Fastify()
 *   await app.register(zakopsTenancy, options)
 *   app.get('/deals', async () => app.sql`select * from deals`)
 *   return app
 * }, { migrations: 'migrations' })
 * report.assertRed()
 *
 * @throws {LeakFoundError} FST_TENANCY_TESTING_LEAK_FOUND — it is red with nothing taken away.
 */
export async function mutateLayers (build: AppFactory, options: LeakSuiteOptions = {}): Promise<MutationReport> {
  return await withScene(build, options, async (database, scene) => {
    const bench: Bench = { database, scene, options, build }
    const sound = await runOnCopy(database, scene, options, build, 0)
    const report = reportOf({ ...sound, unseeded: scene.unseeded })
    report.assertIsolated()
    const mutations: MutationVerdict[] = []
    for (const mutation of mutationsOf(database)) mutations.push(judgeMutation(mutation, report, await runWithout(bench, mutation)))
    return mutationReportOf(mutations)
  })
}

interface Bench {
  readonly database: TenantDatabase
  readonly scene: Scene
  readonly options: LeakSuiteOptions
  readonly build: AppFactory
}

function mutationsOf (database: TenantDatabase): readonly Mutation[] {
  const isolation = isolationOf(database)
  const { hasPolicies, hasOwnSchema } = strategyOf(isolation)
  return [...layersOf(isolation), ...(hasPolicies && hasOwnSchema ? ['policy and path' as const] : [])]
}

async function runWithout (bench: Bench, mutation: Mutation): Promise<RunResult> {
  const { database, scene, options, build } = bench
  if (mutation === 'hook') return await putBack(omitHook(), () => runOnCopy(database, scene, options, build, 0))
  if (mutation === 'lane discard') return await putBack(handOnDoubted(), () => runOnCopy(database, scene, options, (given) => build({ ...given, lanes: { max: 1 }, timeouts: { acquire: 2_000 } }), 0))
  const copy = await database.clone()
  try {
    return await run({ scene, database: copy, options, first: 0, open: async () => ({ app: await openThen(build, copy, () => damage(copy, scene, mutation)), isOurs: true }) })
  } finally {
    await copy.close()
  }
}

/** The plugin looks at the database when it starts, and would refuse one without policies: they go afterwards. */
async function openThen (build: AppFactory, copy: TenantDatabase, then: () => Promise<void>): Promise<AppUnderTest> {
  const app = await build(copy.options)
  try {
    await app.ready()
    await then()
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}

async function damage (copy: TenantDatabase, scene: Scene, mutation: Mutation): Promise<void> {
  const schemas = scene.copyOfParties().map(({ schema }) => schema)
  if (mutation === 'policy' || mutation === 'policy and path') await dropPolicies(copy, schemas)
  if (mutation === 'FORCE') await liftForceOf(copy, schemas)
  if (mutation === 'path' || mutation === 'policy and path') await swapPaths(copy, schemas)
}

async function putBack<T> (restore: () => void, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn()
  } finally {
    restore()
  }
}

function judgeMutation (mutation: Mutation, sound: LeakReport, { routes, layers, service }: RunResult): MutationVerdict {
  const good = new Set(sound.isolated.map(({ route }) => route))
  const byRoutes = routes.filter(({ route, verdict }) => verdict === 'leaking' || (good.has(route) && verdict !== 'isolated'))
  const broken = layers.find(({ holds }) => !holds)
  const leaks = [...byRoutes.flatMap((verdict) => verdict.leaks), ...service]
  return {
    mutation,
    isRed: byRoutes.length > 0 || service.length > 0 || broken !== undefined,
    byRoutes: byRoutes.map(({ route }) => route),
    evidence: leaks[0]?.evidence ?? broken?.evidence ?? byRoutes[0]?.reason ?? 'nothing was noticed'
  }
}

/** Returns the report of what became of each mutation. */
export function mutationReportOf (mutations: readonly MutationVerdict[]): MutationReport {
  const width = Math.max(0, ...mutations.map(({ mutation }) => mutation.length))
  const table = mutations.map(({ mutation, isRed, byRoutes, evidence }) => {
    const routes = byRoutes.length === 0 ? 'no route shows it, the layer was tried by itself' : `${byRoutes.length} ${byRoutes.length === 1 ? 'route' : 'routes'}`
    return `without ${mutation.padEnd(width)}  ${isRed ? `red (${routes}): ${evidence}` : 'GREEN: these routes do not test it'}`
  }).join('\n')
  return {
    mutations,
    assertRed () { if (mutations.some(({ isRed }) => !isRed)) throw new MutationSurvivedError(table) },
    toString: () => table
  }
}

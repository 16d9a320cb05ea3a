import { LeakFoundError } from '../../../words/errors/index.ts'
import type { LayerVerdict, Leak, RouteVerdict } from './types.ts'

/** What the suite found. */
export interface LeakReport {
  readonly routes: readonly RouteVerdict[]
  readonly isolated: readonly RouteVerdict[]
  readonly leaking: readonly RouteVerdict[]
  readonly notExercised: readonly RouteVerdict[]
  readonly layers: readonly LayerVerdict[]
  /** Leaks that were seen while no route was called. */
  readonly service: readonly Leak[]
  /** Tables that got no rows, and why. */
  readonly unseeded: readonly string[]
  /**
   * Returns if nothing leaks, every layer holds and at least one route is isolated.
   * @throws {LeakFoundError} FST_TENANCY_TESTING_LEAK_FOUND — the message is the table.
   */
  assertIsolated (): void
  /**
   * The same, and every route was exercised.
   * @throws {LeakFoundError} FST_TENANCY_TESTING_LEAK_FOUND
   */
  assertComplete (): void
  /** The table, for people. */
  toString (): string
}

/** Returns the report of what was found. */
export function reportOf (all: Pick<LeakReport, 'routes' | 'layers' | 'service' | 'unseeded'>): LeakReport {
  const { routes, layers } = all
  const known = new Set(routes.flatMap(({ leaks }) => leaks.map(keyOf)))
  // What a route was found to do is told there, and not once more for the moments when all of them were called.
  const service = all.service.filter((leak, at) => !known.has(keyOf(leak)) && all.service.findIndex((other) => keyOf(other) === keyOf(leak)) === at)
  const found = { ...all, service }
  const [isolated, leaking, notExercised] = (['isolated', 'leaking', 'not exercised'] as const).map((verdict) => routes.filter((route) => route.verdict === verdict))
  const report: LeakReport = {
    ...found,
    isolated: isolated ?? [],
    leaking: leaking ?? [],
    notExercised: notExercised ?? [],
    assertIsolated () {
      const isGood = this.leaking.length === 0 && service.length === 0 && layers.every(({ holds }) => holds) && this.isolated.length > 0
      if (!isGood) throw new LeakFoundError(this.toString())
    },
    assertComplete () {
      this.assertIsolated()
      if (this.notExercised.length > 0) throw new LeakFoundError(this.toString())
    },
    toString: () => tableOf(found)
  }
  return report
}

function keyOf ({ detector, evidence }: Leak): string {
  return `${detector} ${evidence}`
}

function tableOf ({ routes, layers, service, unseeded }: Pick<LeakReport, 'routes' | 'layers' | 'service' | 'unseeded'>): string {
  const width = Math.max(5, ...routes.map(({ route }) => route.length))
  const lines = routes.flatMap(({ route, verdict, reason, leaks }) => [`${route.padEnd(width)}  ${verdict}${reason === '' ? '' : `: ${reason}`}`, ...leaks.flatMap(leakLines)])
  return [
    ...lines,
    ...(service.length === 0 ? [] : ['outside of every route', ...service.flatMap(leakLines)]),
    ...layers.map(({ layer, holds, evidence }) => `${`layer: ${layer}`.padEnd(width)}  ${holds ? 'holds' : 'DOES NOT HOLD'}: ${evidence}`),
    ...unseeded.map((text) => `no rows in ${text}`)
  ].join('\n')
}

function leakLines ({ detector, request, evidence, advice }: Leak): readonly string[] {
  return [`    ${detector}: ${evidence}`, `      request: ${request}`, `      look at: ${advice}`]
}

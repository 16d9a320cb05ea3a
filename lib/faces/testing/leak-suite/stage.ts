import type { Sql } from 'postgres'
import type { Tenancy } from '../../tenancy/index.ts'
import type { Table } from './catalog.ts'
import { sightingOf } from './detectors.ts'
import type { Answer, Call, HttpClient } from './http.ts'
import type { Journal } from './journal.ts'
import { type PlannedCall, type Recipe, planCall } from './plan.ts'
import type { Route } from './routes.ts'
import type { Party } from './seed.ts'
import type { Snapshot } from './snapshot.ts'
import type { AppUnderTest, LeakSuiteOptions, Whose } from './types.ts'

/** Everything that one run of the suite has. */
export interface Stage {
  readonly app: AppUnderTest
  readonly tenancy: Tenancy
  readonly http: HttpClient
  /** The superuser, who sees every row. */
  readonly admin: Sql
  readonly tables: readonly Table[]
  /** Both tenants, in the order in which they call. */
  readonly parties: readonly [Party, Party]
  readonly routes: readonly Route[]
  readonly journal: Journal
  readonly options: LeakSuiteOptions
  readonly settleMs: number
  /** The URL that the service logs in with. */
  readonly databaseUrl: string
  /** How each route could be called so that it did what it is for. */
  readonly recipes: Map<Route, Recipe>
  /** The rows as they were seen last. */
  readonly memory: { rows: Snapshot | undefined }
  /** Routes whose work goes on behind their answers. */
  readonly late: Set<Route>
  /** What each tenant was answered first, for routes that answer the same twice. */
  readonly firstAnswers: Map<string, string>
  /** Returns a number that was not used before. */
  nextSalt (): number
}

/** Who calls, and who must not be felt. */
export interface Roles {
  readonly caller: Party
  readonly other: Party
}

export function rolesOf ({ parties: [first, second] }: Stage): readonly [Roles, Roles] {
  return [{ caller: first, other: second }, { caller: second, other: first }]
}

export function plan (stage: Stage, route: Route, recipe: Recipe, roles: Roles, whose: Whose): PlannedCall {
  return planCall(route, recipe, { ...roles, whose, salt: stage.nextSalt(), isLast: route.method === 'DELETE' }, stage.tables, stage.options)
}

/** Everything that a call says. */
export function saidBy (call: Call): string {
  return decodeURIComponent(call.path.replaceAll('+', '%20')) + JSON.stringify(call.headers) + JSON.stringify(call.body ?? '')
}

/** Notes it if an answer holds something of the other tenant's, and returns whether it does. */
export function judge (stage: Stage, route: string | undefined, { other }: Roles, call: Call, answer: Answer, circumstance = ''): boolean {
  const seen = sightingOf(answer, other, stage.tables, saidBy(call))
  if (seen === undefined) return false
  stage.journal.leak({
    detector: 'canary',
    request: told(call, circumstance),
    evidence: `${seen.where} of the answer (${answer.status}) holds ${seen.what} of the other tenant: ${excerpt(answer.body)}`,
    advice: 'Look for what outlives a request: caches and loaders at module level, promises that are kept, a "current user" in a variable; and for SQL that runs past the plugin, in views or in SECURITY DEFINER functions.'
  }, route)
  return true
}

/** A request in one line, without its headers: the token is secret, and what else they say is said by the circumstance. */
export function told (call: Call, circumstance = ''): string {
  return `${call.method} ${call.path}${call.body === undefined ? '' : ` ${excerpt(JSON.stringify(call.body))}`}${circumstance === '' ? '' : ` (${circumstance})`}`
}

export function excerpt (text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 160 ? `${line.slice(0, 160)}…` : line
}

export function sleep (milliseconds: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds) })
}

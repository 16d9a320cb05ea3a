import { nameOf } from './journal.ts'
import type { Recipe } from './plan.ts'
import type { Route } from './routes.ts'
import { restore, snapshot } from './rows.ts'
import { changeOf } from './snapshot.ts'
import { type Roles, type Stage, plan, rolesOf, sleep } from './stage.ts'

/** How long a route without late work is waited for. */
export const SHORT_MS = 20

export const CONTEXT_ADVICE = 'Look for work that goes on behind the answer: queues, timers and emitters run as whoever started them; give each job its tenant with runWithTenant. And for a tenant that is taken from the request.'

/** Both write at once: each must get as many rows as when it writes alone, whoever the service took for the current one. */
export async function writeAtOnce (stage: Stage, route: Route, recipe: Recipe): Promise<void> {
  const [first, second] = rolesOf(stage)
  const alone = [await gainOf(stage, route, recipe, [first]), await gainOf(stage, route, recipe, [second])]
  for (let attempt = 0; ; attempt++) {
    const together = await gainOf(stage, route, recipe, [first, second])
    const isSame = (at: number): boolean => together.gains[at] === alone[at]?.gains[at]
    if (!together.isGood || alone.some(({ isGood }) => !isGood) || (isSame(0) && isSame(1))) return
    if (attempt < 2) continue
    return stage.journal.leak({
      detector: 'write',
      request: `${nameOf(route)} (as both tenants at once)`,
      evidence: `the rows of one tenant's call came to the other: ${together.gains.join(' and ')} rows, and ${String(alone[0]?.gains[0])} and ${String(alone[1]?.gains[1])} when each calls alone`,
      advice: CONTEXT_ADVICE
    }, nameOf(route))
  }
}

interface Gain {
  /** How many rows came to each tenant. */
  readonly gains: readonly number[]
  readonly isGood: boolean
}

async function gainOf (stage: Stage, route: Route, recipe: Recipe, callers: readonly Roles[]): Promise<Gain> {
  const before = await snapshot(stage)
  const answers = await Promise.all(callers.map((roles) => stage.http.send(plan(stage, route, recipe, roles, 'own').call)))
  await sleep(stage.late.has(route) || stage.journal.hasLeaks(route) ? stage.settleMs : SHORT_MS)
  const after = await snapshot(stage)
  await restore(stage, before, after)
  return { gains: stage.parties.map((party) => changeOf(before, after, party).came.length), isGood: answers.every(({ status }) => status > 0 && status < 400) }
}

import { comparable } from './detectors.ts'
import { nameOf } from './journal.ts'
import { isRead } from './plan.ts'
import type { Route } from './routes.ts'
import { seedParty } from './seed.ts'
import { type Roles, type Stage, excerpt, plan, rolesOf, told } from './stage.ts'

/**
 * Gives the other tenant more rows and looks whether the caller's answers change: a count or a sum shows nobody's mark, and
 * still tells of rows that are not the caller's. Then gives the caller more, and looks whether they can change at all.
 */
export async function exerciseInfluence (stage: Stage): Promise<void> {
  for (const roles of rolesOf(stage)) {
    const before = await answersOf(stage, roles)
    await addRows(stage, roles.other)
    const after = await answersOf(stage, roles)
    for (const [route, answer] of before) await compare(stage, route, roles, answer, after.get(route))
    await addRows(stage, roles.caller)
    const grown = await answersOf(stage, roles)
    for (const [route, answer] of after) {
      if (answer !== undefined && grown.get(route) !== undefined && grown.get(route) !== answer) stage.journal.control(route, roles.caller.number)
    }
  }
}

async function addRows (stage: Stage, party: Roles['caller']): Promise<void> {
  const most = Math.max(0, ...[...party.rows.values()].map((rows) => rows.length))
  await seedParty(stage.admin, stage.tables, party, most + 2)
}

/** What each route answers, if it answers the same twice. */
async function answersOf (stage: Stage, roles: Roles): Promise<Map<Route, string | undefined>> {
  const answers = new Map<Route, string | undefined>()
  for (const route of [...stage.recipes.keys()].filter(isRead)) answers.set(route, await steadyAnswer(stage, route, roles))
  return answers
}

async function steadyAnswer (stage: Stage, route: Route, roles: Roles): Promise<string | undefined> {
  const recipe = stage.recipes.get(route)
  if (recipe === undefined) return undefined
  const { call } = plan(stage, route, recipe, roles, 'own')
  stage.journal.enter(route)
  const [first, second] = [await stage.http.send(call), await stage.http.send(call)]
  stage.journal.leave()
  const answer = comparable(first, [])
  return first.status > 0 && answer === comparable(second, []) ? answer : undefined
}

async function compare (stage: Stage, route: Route, roles: Roles, before: string | undefined, after: string | undefined): Promise<void> {
  if (before === undefined || after === undefined || before === after) return
  // What changes by itself has changed again by now.
  if (await steadyAnswer(stage, route, roles) !== after) return
  const recipe = stage.recipes.get(route)
  if (recipe === undefined) return
  stage.journal.leak({
    detector: 'influence',
    request: told(plan(stage, route, recipe, roles, 'own').call),
    evidence: `the answer changed when the other tenant got rows: ${excerpt(before)} → ${excerpt(after)}`,
    advice: 'Look for counts and sums over all tenants: views, materialized views, SECURITY DEFINER functions, counters in memory.'
  }, nameOf(route))
}

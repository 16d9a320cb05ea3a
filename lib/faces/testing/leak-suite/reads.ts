import { cacheProblem, comparable, isOwn } from './detectors.ts'
import type { Answer } from './http.ts'
import { nameOf, ownCallOf } from './journal.ts'
import { compareOracle } from './oracles.ts'
import { type PlannedCall, type Recipe, isRead, recipesOf } from './plan.ts'
import type { Route } from './routes.ts'
import { trySpoofs } from './spoofs.ts'
import { type Roles, type Stage, excerpt, judge, plan, rolesOf, saidBy, told } from './stage.ts'

/** Calls every route that reads: each tenant its own, then with the other's ids, and as somebody else than its token says. */
export async function exerciseReads (stage: Stage): Promise<void> {
  for (const route of stage.routes.filter(isRead)) {
    stage.journal.enter(route)
    for (const roles of rolesOf(stage)) await readOwn(stage, route, roles)
    const recipe = stage.recipes.get(route)
    // Also where it answered nothing so far: it may want a tenant's name.
    const likeliest = recipe ?? recipesOf(route, stage.tables, stage.options)[0]
    for (const roles of rolesOf(stage)) {
      if (recipe !== undefined) await compareOracle(stage, route, recipe, roles)
      if (likeliest !== undefined) await trySpoofs(stage, route, likeliest, roles)
    }
    stage.journal.leave()
  }
}

/** The positive control: a route that does not even show a tenant its own rows proves nothing. */
async function readOwn (stage: Stage, route: Route, roles: Roles): Promise<void> {
  const known = stage.recipes.get(route)
  let last: Answer | undefined
  for (const recipe of known === undefined ? recipesOf(route, stage.tables, stage.options) : [known]) {
    const { call } = plan(stage, route, recipe, roles, 'own')
    const answer = await stage.http.send(call)
    judge(stage, nameOf(route), roles, call, answer)
    last ??= answer
    if (answer.status >= 300 || !isOwn(answer, roles.caller, saidBy(call))) continue
    stage.recipes.set(route, recipe)
    stage.journal.control(route, roles.caller.number)
    noteCacheControl(stage, route, { call, sent: [] }, answer)
    await noteFirstAnswer(stage, route, roles, { call, sent: [] }, answer)
    await tryEtag(stage, route, roles, recipe, answer)
    return
  }
  await missed(stage, route, roles, last)
}

/** A number, such as a count, shows nobody's mark: it is remembered all the same, to be compared later. */
async function missed (stage: Stage, route: Route, roles: Roles, answer: Answer | undefined): Promise<void> {
  const [recipe] = recipesOf(route, stage.tables, stage.options)
  if (answer !== undefined && answer.status < 300 && recipe !== undefined) {
    const planned = plan(stage, route, recipe, roles, 'own')
    await noteFirstAnswer(stage, route, roles, planned, answer)
    if (!route.isPublic && ownCallOf(route, stage.options).skip === undefined) stage.recipes.set(route, recipe)
  }
  stage.journal.missed(route, whyNot(route, answer))
}

/** Says why a route was not exercised, and what the suite wants to know. */
export function whyNot (route: Route, answer: Answer | undefined, unseen = 'it showed its caller nothing of its own'): string {
  if (answer === undefined || answer.status === 0) return 'it did not answer'
  if (answer.status < 300 && route.isPublic) return 'it is served without a tenant and showed nothing of one'
  const what = answer.status >= 300 ? `it answered ${answer.status} to a tenant's own call: ${excerpt(answer.body)}` : unseen
  return `${what}; say how to call it in options.routes["${nameOf(route)}"], or there why to skip it`
}

function noteCacheControl (stage: Stage, route: Route, { call }: PlannedCall, answer: Answer): void {
  const problem = cacheProblem(answer)
  if (problem === undefined) return
  stage.journal.leak({
    detector: 'cache',
    request: told(call),
    evidence: `an answer with a tenant's own rows says "${problem}": a cache in between may give it to anybody who asks for this URL`,
    advice: 'Say "private" or "no-store" for whatever depends on the token.'
  }, nameOf(route))
}

/** Remembers the very first answer of a tenant, if the route answers the same question the same way. */
async function noteFirstAnswer (stage: Stage, route: Route, { caller }: Roles, { call }: PlannedCall, answer: Answer): Promise<void> {
  const again = await stage.http.send(call)
  const first = comparable(answer, [])
  if (first === comparable(again, [])) stage.firstAnswers.set(`${nameOf(route)} as tenant ${caller.number}`, first)
}

/** The answer of one tenant must not count as unchanged for another. */
async function tryEtag (stage: Stage, route: Route, roles: Roles, recipe: Recipe, answer: Answer): Promise<void> {
  const { etag } = answer.headers
  if (etag === undefined) return
  const { call } = plan(stage, route, recipe, { caller: roles.other, other: roles.caller }, 'own')
  const theirs = await stage.http.send(call)
  const conditional = await stage.http.send({ ...call, headers: { ...call.headers, 'if-none-match': etag } })
  if (conditional.status !== 304 || theirs.body === answer.body) return
  stage.journal.leak({
    detector: 'cache',
    request: told(call, 'with the ETag of the other tenant\'s answer'),
    evidence: 'it says that the other tenant\'s answer is this one\'s (304), and the two differ',
    advice: 'Make the ETag of the answer itself, or of the tenant and its version.'
  }, nameOf(route))
}

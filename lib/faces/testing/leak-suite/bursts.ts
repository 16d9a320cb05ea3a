import type { Answer, Call } from './http.ts'
import { nameOf } from './journal.ts'
import { isRead } from './plan.ts'
import { type Roles, type Stage, judge, plan, rolesOf, sleep } from './stage.ts'
import type { Route } from './routes.ts'

const CALLS_AT_ONCE = 12
const HANG_UPS_MS = [0, 2, 8]

/** Calls every route as both tenants at once: on a few sockets that are used again and again, and in the same tick. */
export async function exerciseBursts (stage: Stage): Promise<void> {
  const { journal, recipes } = stage
  const [first, second] = rolesOf(stage)
  for (const [route] of [...recipes].filter(([route]) => isRead(route))) {
    journal.enter(route)
    const callers = Array.from({ length: CALLS_AT_ONCE }, (_, at) => at % 2 === 0 ? first : second)
    await Promise.all(callers.map((roles) => once(stage, route, roles, 'while both tenants call', (call) => stage.http.send(call))))
    await Promise.all(callers.map((roles) => once(stage, route, roles, 'in the same tick as the other tenant', (call) => inject(stage, call))))
    journal.leave()
  }
  // All routes at once: what is shared between routes is shared here.
  await Promise.all([...recipes].filter(([route]) => isRead(route)).flatMap(([route]) =>
    [first, second, first, second].map((roles) => once(stage, route, roles, 'while all routes are called', (call) => stage.http.send(call)))))
}

/** Hangs up on a call in the middle, and calls as the other tenant right behind it. */
export async function exerciseHangUps (stage: Stage): Promise<void> {
  const [first, second] = rolesOf(stage)
  for (const [route, recipe] of [...stage.recipes].filter(([route]) => isRead(route))) {
    stage.journal.enter(route)
    for (const delay of HANG_UPS_MS) {
      const { call } = plan(stage, route, recipe, first, 'own')
      const given = stage.http.send(call, delay)
      await once(stage, route, second, `after the other tenant hung up after ${delay} ms`, (mine) => stage.http.send(mine))
      await given
    }
    stage.journal.leave()
  }
  await sleep(20)
}

async function once (stage: Stage, route: Route, roles: Roles, circumstance: string, send: (call: Call) => Promise<Answer>): Promise<void> {
  const recipe = stage.recipes.get(route)
  if (recipe === undefined) return
  const { call } = plan(stage, route, recipe, roles, 'own')
  const answer = await send(call)
  judge(stage, nameOf(route), roles, call, answer, circumstance)
  if (answer.body.includes(CROSS_TENANT)) crossed(stage, route, call)
}

const CROSS_TENANT = 'FST_TENANCY_CONTEXT_CROSS_TENANT'

function crossed (stage: Stage, route: Route, { method, path }: Call): void {
  stage.journal.leak({
    detector: 'context',
    request: `${method} ${path} (while both tenants call)`,
    evidence: 'a statement that one tenant wrote was awaited by the other, and refused',
    advice: 'Do not keep queries or promises of them beyond the request that made them.'
  }, nameOf(route))
}

async function inject ({ app }: Stage, { path, headers }: Call): Promise<Answer> {
  const answer = await app.inject({ method: 'GET', url: path, headers: { ...headers } })
  return { status: answer.statusCode, headers: {}, body: `${answer.body}${JSON.stringify(answer.headers)}` }
}

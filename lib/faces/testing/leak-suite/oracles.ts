import { comparable } from './detectors.ts'
import type { Answer } from './http.ts'
import { nameOf } from './journal.ts'
import { type PlannedCall, type Recipe, isRead } from './plan.ts'
import type { Route } from './routes.ts'
import { asStranger } from './rows.ts'
import { type Roles, type Stage, excerpt, judge, plan, told } from './stage.ts'

/**
 * Asks for what the other tenant alone has, and for what nobody has: if the answers differ, they tell what exists elsewhere,
 * by a foreign key, a unique key or a rule of the service's (R-05).
 */
export async function compareOracle (stage: Stage, route: Route, recipe: Recipe, roles: Roles): Promise<void> {
  const foreign = plan(stage, route, recipe, roles, 'foreign')
  if (foreign.sent.length === 0) return
  const ask = async ({ call }: PlannedCall): Promise<Answer> => isRead(route) ? await stage.http.send(call) : await asStranger(stage, roles.caller, async () => await stage.http.send(call))
  const answer = await ask(foreign)
  judge(stage, nameOf(route), roles, foreign.call, answer, 'with an id that only the other tenant has')
  const nobodys: string[] = []
  const statuses: number[] = []
  for (let time = 0; time < 2; time++) {
    const planned = plan(stage, route, recipe, roles, 'nobody')
    const theirs = await stage.http.send(planned.call)
    judge(stage, nameOf(route), roles, planned.call, theirs)
    nobodys.push(shapeOf(theirs, planned.sent))
    statuses.push(theirs.status)
  }
  const [first, second] = nobodys
  const isStable = first === second && statuses[0] === statuses[1]
  // What answers differently to the same question is compared by its status alone.
  const differs = isStable ? shapeOf(answer, foreign.sent) !== first : statuses[0] === statuses[1] && answer.status !== statuses[0]
  if (!differs || answer.status === 0 || statuses[0] === 0) return
  // The second opinion: a service that was busy once is no oracle.
  const again = await ask(plan(stage, route, recipe, roles, 'foreign'))
  if (again.status !== answer.status) return
  stage.journal.leak({
    detector: 'oracle',
    request: told(foreign.call, 'with an id that only the other tenant has'),
    evidence: `it answered ${answer.status} ${excerpt(answer.body)}; with an id that nobody has ${String(statuses[0])} ${excerpt(first ?? '')}`,
    advice: 'Put tenant_id into the primary, unique and foreign keys, so that another tenant\'s row is one that is not there; and answer both alike.'
  }, nameOf(route))
}

/** Of a success only its shape counts, because each has new ids and times; of a refusal every word. */
function shapeOf (answer: Answer, sent: readonly string[]): string {
  if (answer.status >= 300) return comparable({ ...answer, headers: {} }, sent)
  try {
    return `${answer.status} ${kindsOf(JSON.parse(answer.body))}`
  } catch {
    return `${answer.status} ${answer.body.length === 0 ? 'nothing' : 'a text'}`
  }
}

function kindsOf (value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${kindsOf(value[0])}]`
  if (typeof value !== 'object') return typeof value
  return `{${Object.entries(value).map(([name, inner]) => `${name}:${kindsOf(inner)}`).join()}}`
}

import { CONTEXT_ADVICE, SHORT_MS, writeAtOnce } from './at-once.ts'
import { isOwn } from './detectors.ts'
import type { Answer, Call } from './http.ts'
import { nameOf } from './journal.ts'
import { compareOracle } from './oracles.ts'
import { type PlannedCall, type Recipe, isRead, recipesOf } from './plan.ts'
import { whyNot } from './reads.ts'
import type { Route } from './routes.ts'
import { asStranger, restore, snapshot } from './rows.ts'
import { type Snapshot, changeOf, isChanged } from './snapshot.ts'
import { spoofed } from './spoofs.ts'
import { type Roles, type Stage, excerpt, judge, plan, rolesOf, saidBy, sleep, told } from './stage.ts'

const ORDER = ['POST', 'PUT', 'PATCH', 'DELETE']

/** Calls every route that writes, and looks as the superuser at whose rows have changed. */
export async function exerciseWrites (stage: Stage): Promise<void> {
  const routes = stage.routes.filter((route) => !isRead(route)).toSorted((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method))
  for (const route of routes) {
    stage.journal.enter(route)
    for (const roles of rolesOf(stage)) await writeOwn(stage, route, roles)
    const recipe = stage.recipes.get(route)
    for (const roles of recipe === undefined ? [] : rolesOf(stage)) await writeAcross(stage, route, recipe, roles)
    if (recipe !== undefined) await writeAtOnce(stage, route, recipe)
    stage.journal.leave()
  }
}

/** The positive control: what a tenant writes for itself arrives, and nowhere else. */
async function writeOwn (stage: Stage, route: Route, roles: Roles): Promise<void> {
  const known = stage.recipes.get(route)
  let last: Answer | undefined
  for (const recipe of known === undefined ? recipesOf(route, stage.tables, stage.options) : [known]) {
    const written = await write(stage, route, roles, plan(stage, route, recipe, roles, 'own'), '', stage.settleMs)
    last = last === undefined || written.answer.status < last.status ? written.answer : last
    if (written.answer.status >= 400 || !(written.isOwnChanged || isOwn(written.answer, roles.caller, saidBy(written.call)))) continue
    stage.recipes.set(route, recipe)
    stage.journal.control(route, roles.caller.number)
    return
  }
  stage.journal.missed(route, whyNot(route, last, 'it neither changed a row of its caller nor showed one'))
}

async function writeAcross (stage: Stage, route: Route, recipe: Recipe | undefined, roles: Roles): Promise<void> {
  if (recipe === undefined) return
  // What goes on behind an answer must be over before the next call, or that one would be blamed for it.
  const waitMs = stage.late.has(route) || stage.journal.hasLeaks(route) ? stage.settleMs : SHORT_MS
  await asStranger(stage, roles.caller, async () => await write(stage, route, roles, plan(stage, route, recipe, roles, 'foreign'), 'with ids that only the other tenant has', waitMs))
  await compareOracle(stage, route, recipe, roles)
  for (const names of [['header', 'host', 'body'], ['query']]) {
    // Each with a call of its own, because a key can be written once.
    const { call, sent } = plan(stage, route, recipe, roles, 'own')
    await write(stage, route, roles, { call: spoofed(call, roles.other, names), sent }, `with the other tenant's name in ${names.join(', ')}`, waitMs)
  }
  if (route.method !== 'DELETE') await hangUp(stage, route, recipe, roles)
}

const HANG_UP_MS = 2
const QUIET_ROUNDS = 3
const MOST_ROUNDS = 20

/** Hangs up on a call, and waits until what it began has ended: the next call must not be blamed for it. */
async function hangUp (stage: Stage, route: Route, recipe: Recipe, roles: Roles): Promise<void> {
  await write(stage, route, roles, plan(stage, route, recipe, roles, 'own'), `hanging up after ${HANG_UP_MS} ms`, SHORT_MS, HANG_UP_MS)
  let last = await snapshot(stage)
  for (let round = 0, quiet = 0; quiet < QUIET_ROUNDS && round < MOST_ROUNDS; round++) {
    await sleep(SHORT_MS)
    const now = await snapshot(stage)
    quiet = stage.parties.some((party) => isChanged(changeOf(last, now, party))) ? 0 : quiet + 1
    last = now
  }
  stage.memory.rows = last
}

interface Written {
  readonly call: Call
  readonly answer: Answer
  readonly isOwnChanged: boolean
}

/** Sends a call and compares the rows before and after it, with what goes on behind the answer. */
async function write (stage: Stage, route: Route, roles: Roles, { call, sent }: PlannedCall, circumstance: string, settleMs: number, abortAfterMs?: number): Promise<Written> {
  // The rows as they were after the call before, unless this call is to show that it changes some.
  const before = (settleMs > SHORT_MS ? undefined : stage.memory.rows) ?? await snapshot(stage)
  stage.journal.isAnswered = false
  const answer = await stage.http.send(call, abortAfterMs)
  stage.journal.isAnswered = true
  judge(stage, nameOf(route), roles, call, answer, circumstance)
  const answered = settleMs > SHORT_MS ? await snapshot(stage) : undefined
  await sleep(settleMs)
  const after = await snapshot(stage)
  if (answered !== undefined && stage.parties.some((party) => isChanged(changeOf(answered, after, party)))) stage.late.add(route)
  const own = changeOf(before, after, roles.caller)
  const said = told(call, circumstance)
  // What the call itself said, such as an e-mail address that both may have, is no copy.
  const unsaid = own.came.map((row) => sent.filter((value) => value.length > 3).reduce((text, value) => text.replaceAll(value, ''), row))
  const isCopied = unsaid.some((row) => row.includes(roles.other.mark) || row.includes(roles.other.ink))
  if (isCopied) stage.journal.leak({ detector: 'write', request: said, evidence: 'a row of the caller\'s got a value of the other tenant\'s', advice: CONTEXT_ADVICE }, nameOf(route))
  if (await isFelt(stage, roles, before, after, call)) {
    const { came, went } = changeOf(before, after, roles.other)
    stage.journal.leak({ detector: 'write', request: said, evidence: `rows of the other tenant changed: ${excerpt((came[0] ?? went[0]) ?? '')}`, advice: CONTEXT_ADVICE }, nameOf(route))
  }
  const strangers = changeOf(before, after, 'stranger').came
  if (strangers.length > 0) stage.journal.leak({ detector: 'write', request: said, evidence: `a row came that belongs to neither tenant: ${excerpt(strangers[0] ?? '')}`, advice: CONTEXT_ADVICE }, nameOf(route))
  await restore(stage, before, after)
  return { call, answer, isOwnChanged: isChanged(own) }
}

/** Whether the call changed the other tenant's rows, and not a job of that tenant's own that goes on by itself. */
async function isFelt (stage: Stage, roles: Roles, before: Snapshot, after: Snapshot, call: Call): Promise<boolean> {
  const { came, went } = changeOf(before, after, roles.other)
  if (came.length + went.length === 0) return false
  if (came.some((row) => row.includes(roles.caller.ink))) return true
  await sleep(stage.settleMs)
  const again = await snapshot(stage)
  await stage.http.send(call)
  await sleep(stage.settleMs)
  if (isChanged(changeOf(again, await snapshot(stage), roles.other))) return true
  // What is set to the same value, or is gone, changes once; what the other tenant wrote itself was a late call of its own.
  return went.length > 0 && !came.some((row) => row.includes(roles.other.ink))
}

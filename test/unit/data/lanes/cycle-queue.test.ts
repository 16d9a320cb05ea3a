import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Cycle } from '../../../../lib/data/lanes/cycle.ts'
import { NOTHING_IN_FRONT } from '../../../../lib/data/lanes/request.ts'
import { CycleQueue } from '../../../../lib/data/lanes/cycle-queue.ts'
import { Statements } from '../../../../lib/data/lanes/statements.ts'
import { int16, message, parseBody } from '../../../../lib/data/wire/messages.ts'

const OWNER = { receive () {}, described () {}, refused () {}, finished () {}, lost () {} }
const cycle = (): Cycle => new Cycle(OWNER, undefined, { kind: 'bare', messages: Buffer.alloc(0) }, true)

const statements = new Statements()
const BIND = message(66, '\0name\0', int16(0), int16(0), int16(0))

/** A cycle of a statement that was run so many times before on its connection. */
function prepared (runs: number, text = 'select 1'): Cycle {
  const statement = statements.statement(statements.text(parseBody(text)), 'shared')
  const sent = new Cycle(OWNER, undefined, { kind: 'run', statement, isNamed: true, bind: BIND, nameEnd: BIND.indexOf(0, 6), cursor: undefined }, true)
  sent.sent({ ...NOTHING_IN_FRONT, server: { name: 's0', description: undefined, transaction: 0, age: undefined, used: 0, runs } })
  return sent
}

t.test('the pace of a connection follows how long its cycles take, and not how long it had none', async (t) => {
  const queue = new CycleQueue()
  for (let turn = 0; turn < 64; turn++) {
    queue.push(cycle())
    await sleep(3)
    queue.shift()
    await sleep(3)
  }
  t.ok(queue.pace > 1.5 && queue.pace < 5, `${queue.pace} ms`)
  for (let turn = 0; turn < 200; turn++) queue.push(cycle())
  for (let turn = 0; turn < 200; turn++) queue.shift()
  t.ok(queue.pace < 0.5, 'answers that come together')
})

t.test('the time that plans take does not count as the pace, unless it is less than that', async (t) => {
  const queue = new CycleQueue()
  /** As if it had been at the head for so long: a timer on a busy machine is late. */
  const pass = (runs: number, milliseconds = 3): void => {
    queue.push(prepared(runs))
    queue.headSince = performance.now() - milliseconds
    queue.shift()
  }
  for (let runs = 1; runs <= 5; runs++) pass(runs)
  t.equal(queue.pace, 0)
  for (let runs = 6; runs < 70; runs++) pass(runs)
  t.ok(queue.pace > 1, `${queue.pace} ms: it is planned by now`)
  for (let turn = 0; turn < 200; turn++) queue.push(prepared(1))
  for (let turn = 0; turn < 200; turn++) queue.shift()
  t.ok(queue.pace < 0.5, 'who is quick with plans is not slow')
  pass(1, 40)
  t.ok(queue.pace > 0.9, `${queue.pace} ms: no plan takes that long`)
})

t.test('a text is known to be quick once it was, and to be slow once it was that without a plan to make', async (t) => {
  const pass = (text: string, runs: number, milliseconds: number): number => {
    const queue = new CycleQueue()
    queue.push(prepared(runs, text))
    queue.headSince = performance.now() - milliseconds
    queue.shift()
    return statements.text(parseBody(text)).pace ?? -1
  }
  t.equal(statements.text(parseBody('select quick')).pace, undefined)
  t.ok(pass('select slow', 1, 100) > 90, 'no plan takes that long')
  const first = pass('select quick', 1, 4)
  t.ok(first < 1, `${first} ms`)
  t.ok(pass('select quick', 2, 20) <= first, 'it may be the plan')
  let pace = first
  for (let run = 0; run < 20; run++) pace = pass('select quick', 6, 20)
  t.ok(pace > 10, `${pace} ms: it is slow by now`)
})

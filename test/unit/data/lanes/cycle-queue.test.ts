import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Cycle } from '../../../../lib/data/lanes/cycle.ts'
import { CycleQueue } from '../../../../lib/data/lanes/cycle-queue.ts'

const OWNER = { receive () {}, described () {}, refused () {}, finished () {}, lost () {} }
const cycle = (): Cycle => new Cycle(OWNER, undefined, { kind: 'bare', messages: Buffer.alloc(0) }, true)

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

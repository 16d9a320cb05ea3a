import { Socket } from 'node:net'
import t from 'tap'
import { Connection } from '../../../../lib/data/lanes/connection.ts'
import { Cycle } from '../../../../lib/data/lanes/cycle.ts'
import { SharedConnections } from '../../../../lib/data/lanes/shared-connections.ts'
import { BACKEND, message } from '../../../../lib/data/wire/messages.ts'

const OWNER = { receive () {}, described () {}, refused () {}, finished () {}, lost () {} }

/** Connections of nobody, each busy for so many milliseconds with its first cycle; 0 is one without work. */
function scene (...busyFor: readonly number[]) {
  const shared = new SharedConnections({ max: busyFor.length, perTenant: busyFor.length })
  const connections = busyFor.map(() => {
    const connection = new Connection({ socket: new Socket(), key: { pid: 1, secret: 2 }, greeting: Buffer.alloc(0) }, { answered () {}, ended () {}, outdated () {} }, { current: undefined })
    shared.add(connection)
    return connection
  })
  const isBusyFor = (at: number, milliseconds: number): void => {
    const connection = connections[at]
    if (connection === undefined) return
    if (connection.depth === 0) connection.add(new Cycle(OWNER, undefined, { kind: 'bare', messages: message(BACKEND.ready, 'I') }, true))
    connection.headSince = performance.now() - milliseconds
  }
  const pick = (shape: string, tenantId: string): number => connections.findIndex((one) => one === shared.pick(shape, tenantId))
  return { shared, pick, isBusyFor }
}

t.test('a schema stays where its statements are planned while others would call the connection slow', async (t) => {
  const { pick, isBusyFor } = scene(0, 0, 0)
  t.same(['a', 'b', 'c'].map((shape) => pick(shape, shape)), [0, 1, 2], 'each schema settles where the fewest live')
  isBusyFor(0, 4)
  t.equal(pick('a', 'a'), 0)
  isBusyFor(1, 4)
  t.equal(pick('d', 'd'), 2, 'a schema without a home does not settle there')
  isBusyFor(0, 50)
  t.same([pick('a', 'a'), pick('a', 'a')], [2, 2], 'a home that is really slow is left, for the same other one each time')
})

t.test('a schema of several tenants is at home everywhere, and goes where there is little to do', async (t) => {
  const { pick, isBusyFor } = scene(0, 0)
  t.same([pick('shared', 'a'), pick('shared', 'b')], [0, 0])
  isBusyFor(0, 4)
  t.same([pick('shared', 'a'), pick('shared', 'b')], [1, 1])
})

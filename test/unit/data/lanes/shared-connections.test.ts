import { Socket } from 'node:net'
import t from 'tap'
import { Connection } from '../../../../lib/data/lanes/connection.ts'
import { Cycle } from '../../../../lib/data/lanes/cycle.ts'
import { SharedConnections } from '../../../../lib/data/lanes/shared-connections.ts'
import { Statements } from '../../../../lib/data/lanes/statements.ts'
import { type Share, Tally } from '../../../../lib/data/lanes/tally.ts'
import { BACKEND, int16, message, parseBody } from '../../../../lib/data/wire/messages.ts'
import { postgresDialect } from '../../../../lib/data/wire/settings-frame.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'

const dialect = postgresDialect({ isNamed: true })
const OWNER = { receive () {}, described () {}, refused () {}, finished () {}, lost () {} }

const statements = new Statements()
// Known to be quick.
statements.text(parseBody('select 1')).took(0.2)
const BIND = message(66, '\0name\0', int16(0), int16(0), int16(0))

function cycleOf (shape: string, tenant: string, { share, text = 'select 1' }: { readonly share?: Share, readonly text?: string } = {}): Cycle {
  const frame = dialect.frameOf({ tenantId: parseTenantId(tenant), searchPath: shape, schema: '' })
  const statement = statements.statement(statements.text(parseBody(text)), shape)
  return new Cycle(OWNER, frame, { kind: 'run', statement, isNamed: true, bind: BIND, nameEnd: BIND.indexOf(0, 6), cursor: undefined }, true, share)
}

/** Connections of nobody, and what each is busy with. */
function scene (count: number, { settled = count, perTenant = count } = {}) {
  const shared = new SharedConnections({ max: count, perTenant })
  const connections = Array.from({ length: count }, () => new Connection({ socket: new Socket(), key: { pid: 1, secret: 2 }, greeting: Buffer.alloc(0) }, { answered () {}, ended () {}, outdated () {} }, { current: undefined }))
  for (const connection of connections.slice(0, settled)) shared.add(connection)
  /** As if it had so many cycles, and had been at work on the first for so many milliseconds, at this pace. */
  const isBusy = (at: number, { depth = 1, milliseconds = 0, pace = 0 }): void => {
    const connection = connections[at]
    if (connection === undefined) return
    while (connection.depth < depth) connection.add(new Cycle(OWNER, undefined, { kind: 'bare', messages: message(BACKEND.ready, 'I') }, true))
    Object.defineProperty(connection, 'headSince', { configurable: true, get: () => performance.now() - milliseconds })
    Object.defineProperty(connection, 'pace', { configurable: true, value: pace })
  }
  const see = (at: number, shape: string): void => connections[at]?.add(cycleOf(shape, 'acme'))
  const pick = (shape: string, tenant = shape, text?: string): number => connections.findIndex((one) => one === shared.pick(cycleOf(shape, tenant, text === undefined ? {} : { text })))
  const add = (): void => { for (const connection of connections.slice(settled)) shared.add(connection) }
  return { shared, connections, pick, isBusy, add, see }
}

t.test('a schema stays where its statements are planned while others would call the connection slow', async (t) => {
  const { pick, isBusy } = scene(10)
  t.same(['a', 'b', 'c', 'd', 'e'].map((shape) => pick(shape)), [0, 1, 2, 0, 1], 'each schema settles where the fewest live, and no more than 0.3 of the connections are homes of a few')
  isBusy(0, { milliseconds: 4 })
  t.equal(pick('a'), 0)
  t.equal(pick('shared', 'x'), 2, 'a schema without a plan there')
  isBusy(0, { milliseconds: 50 })
  t.same([pick('a'), pick('a')], [1, 1], 'a home that is really slow is left, for the same other one each time')
})

t.test('the more schemas there are, the more connections are homes, and each of as many', async (t) => {
  const { pick } = scene(10)
  const homes = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => pick(`s${from + i}`))
  t.same(new Set(homes(0, 301)), new Set([0, 1, 2]))
  t.same(new Set(homes(301, 399)), new Set([3]), 'the next ones settle on one more, until it is home to as many')
  const all = [...homes(399, 900), ...homes(0, 399)]
  t.same([0, 1, 2, 3, 4, 5, 6].map((at) => all.filter((home) => home === at).length), [150, 150, 150, 150, 150, 150, 0], 'no more than 0.6')
})

t.test('nobody settles before there are enough connections to choose from', async (t) => {
  const { pick, isBusy, add } = scene(4, { settled: 1 })
  t.same(['a', 'b'].map((shape) => pick(shape)), [0, 0])
  add()
  t.same(['a', 'b', 'c', 'd'].map((shape) => pick(shape)), [0, 1, 0, 1])
  isBusy(1, { depth: 9 })
  t.equal(pick('b'), 1, 'it has a home')
})

t.test('what is too much for a home goes where the schema was seen before, and what is known to be quick stays up to a limit where it was not', async (t) => {
  const { pick, isBusy, see } = scene(4)
  for (let run = 0; run < 30; run++) statements.text(parseBody('select slow')).took(40)
  t.same(['a', 'b', 'c'].map((shape) => pick(shape)), [0, 1, 0])
  see(1, 'a')
  see(2, 'other')
  isBusy(0, { depth: 7 })
  isBusy(1, { depth: 7 })
  t.same([pick('a'), pick('b')], [0, 1], 'neither has much to do')
  isBusy(0, { depth: 8 })
  t.equal(pick('a'), 1, 'the next one knows the tables')
  isBusy(1, { depth: 8 })
  t.same([pick('a'), pick('b')], [0, 1], 'the one behind that does not')
  isBusy(2, {})
  t.same(['select new', 'select slow'].map((text) => pick('a', 'a', text)), [2, 2], 'nobody knows that these are quick')
  statements.text(parseBody('select slow')).took(0)
  t.equal(pick('a', 'a', 'select slow'), 2, 'one quick run says little')
  isBusy(0, { depth: 16 })
  isBusy(2, {})
  t.equal(pick('a'), 2, 'so many are too many')
})

t.test('a schema of several tenants is at home everywhere, and goes where there is little to do', async (t) => {
  const { pick, isBusy } = scene(2)
  t.same([pick('shared', 'a'), pick('shared', 'b')], [0, 0])
  isBusy(0, { milliseconds: 4 })
  t.same([pick('shared', 'a'), pick('shared', 'b')], [1, 1])
})

t.test('the slower statements are, the fewer are queued behind each other', async (t) => {
  const { pick, isBusy } = scene(2)
  t.same([pick('shared', 'a'), pick('shared', 'b')], [0, 0])
  isBusy(0, { depth: 7, pace: 0.1 })
  t.equal(pick('shared', 'a'), 0)
  isBusy(0, { depth: 7, pace: 2 })
  t.equal(pick('shared', 'a'), 1)
  t.equal(pick('home', 'a'), 1, 'at home too')
})

t.test('a tenant is on no more connections than its share', async (t) => {
  const { shared, connections, isBusy } = scene(4, { perTenant: 2 })
  const tally = new Tally()
  /** Sends one more statement of a tenant, which is at work for too long by now, and returns where it went. */
  const send = (tenant: string, where = shared.pick.bind(shared)): number => {
    const cycle = cycleOf('shared', tenant, { share: tally.add(tenant) })
    const at = connections.findIndex((one) => one === where(cycle))
    connections[at]?.add(cycle)
    if (at !== -1) isBusy(at, { milliseconds: 50 })
    return at
  }
  t.same(['acme', 'acme', 'acme'].map((tenant) => send(tenant)), [0, 1, -1], 'a third one waits for the first two')
  t.equal(send('acme', shared.pickAnyhow.bind(shared)), 0, 'or stands behind them')
  t.same(['globex', 'globex'].map((tenant) => send(tenant)), [2, 3])
})

import { Socket } from 'node:net'
import t from 'tap'
import { Connection } from '../../../../lib/data/lanes/connection.ts'
import { Cycle } from '../../../../lib/data/lanes/cycle.ts'
import { type Statement, Statements } from '../../../../lib/data/lanes/statements.ts'
import {
  BACKEND, int16, int32, message, parseBody, queryOf, readyForQuery, value
} from '../../../../lib/data/wire/messages.ts'
import { errorMessage } from '../../../../lib/data/wire/error-fields.ts'
import { citusDialect } from '../../../../lib/data/wire/index.ts'
import { postgresDialect } from '../../../../lib/data/wire/settings-frame.ts'
import { settingsFor } from '../../../support/lanes.ts'

// A server that lies: what a real one never does has to end the connection before anybody gets a byte of it.

const { bindComplete, commandComplete, dataRow, noData, parameterDescription, parseComplete } = BACKEND
const dialect = postgresDialect({ isNamed: true })
const BIND = message(66, '\0name\0', int16(0), int16(0), int16(0))
const TAG = message(commandComplete, 'SELECT 1\0')
const ROW = message(dataRow, int16(1), value('secret'))
const READY = readyForQuery(73)

class FakeSocket extends Socket {
  readonly written: Buffer[] = []
  override write (bytes: unknown): boolean {
    if (Buffer.isBuffer(bytes)) this.written.push(bytes)
    return true
  }
}

function scene () {
  const socket = new FakeSocket()
  const events = { unsent: 0, outdated: 0, ended: 0 }
  const connection = new Connection({ socket, key: { pid: 1, secret: 2 }, greeting: Buffer.alloc(0) }, {
    answered () {},
    ended: (_connection, unsent) => {
      events.ended++
      events.unsent += unsent.length
    },
    outdated: () => { events.outdated++ }
  }, { current: undefined })
  const statements = new Statements()
  const statementOf = (tenant: string, text = 'select 1'): Statement => statements.statement(statements.text(parseBody(text)), dialect.frameOf(settingsFor(tenant)).shape)
  const add = (tenant: string, statement: Statement, isShared = true) => {
    const seen = { bytes: Buffer.alloc(0), errors: new Array<unknown>(), isFinished: false, isLost: false }
    const frame = dialect.frameOf(settingsFor(tenant))
    const cycle = new Cycle({
      receive: (bytes) => { seen.bytes = Buffer.concat([seen.bytes, bytes]) },
      described () {},
      refused: (error) => { seen.errors.push(error) },
      finished: () => { seen.isFinished = true },
      lost: () => { seen.isLost = true }
    }, frame, { kind: 'run', statement, isNamed: true, bind: BIND, nameEnd: BIND.indexOf(0, 6) }, isShared)
    connection.add(cycle)
    const echo = Buffer.concat([message(dataRow, frame.current().row.subarray(5), int32(cycle.nonce))])
    const settings = Buffer.concat([message(bindComplete), echo, TAG])
    const parsed = Buffer.concat([message(parseComplete), message(parameterDescription, int16(0)), message(noData)])
    return { seen, cycle, settings, parsed, answer: Buffer.concat([settings, parsed, message(bindComplete), ROW, TAG, READY]) }
  }
  return { connection, socket, events, add, statementOf, say: (...bytes: Buffer[]) => socket.emit('data', Buffer.concat(bytes)) }
}

t.test('a connection', async (t) => {
  t.test('sends a text that gets a transaction of its own when that has begun, and never where it could not begin', async (t) => {
    for (const [status, isSent] of [[84, true], [73, false]] as const) {
      const { connection, socket, events, say } = scene()
      const frame = citusDialect({ isNamed: false }).frameOf(settingsFor('acme'))
      const owner = { receive () {}, described () {}, refused () {}, finished () {}, lost () {} }
      const cycle = new Cycle(owner, frame, { kind: 'text', text: Buffer.from('insert into docs (id) values (1)') }, false)
      connection.add(cycle)
      connection.flush()
      const written = (): string => Buffer.concat(socket.written).toString('latin1')
      t.match(written(), /begin.*set/s)
      t.notMatch(written(), /insert into docs/, 'nothing is sent in advance')
      const { row, replies } = frame.current()
      const settings = replies.map((type) => type === dataRow ? message(dataRow, row.subarray(5), int32(cycle.nonce)) : message(type, 'SET\0'))
      const begun = Buffer.concat([message(parseComplete), message(bindComplete), message(commandComplete, 'BEGIN\0')])
      say(...status === 84 ? [begun, ...settings] : [errorMessage('57014', 'canceled')], readyForQuery(status))
      t.equal(/insert into docs/.test(written()), isSent)
      t.equal(events.ended, isSent ? 0 : 1)
    }
  })

  t.test('hands each answer to its own cycle, in whatever pieces it comes', async (t) => {
    for (const size of [1, 7, 10_000]) {
      const { add, statementOf, connection, socket } = scene()
      const [acme, globex] = [add('acme', statementOf('acme')), add('globex', statementOf('globex'))]
      connection.flush()
      const all = Buffer.concat([acme.answer, globex.answer])
      for (let at = 0; at < all.length; at += size) socket.emit('data', all.subarray(at, at + size))
      for (const { seen } of [acme, globex]) {
        t.same(seen.bytes, Buffer.concat([message(bindComplete), ROW, TAG, READY]))
        t.ok(seen.isFinished)
      }
      t.equal(connection.depth, 0)
    }
  })

  t.test('knows the schemas that it has had statements of', async (t) => {
    const { add, statementOf, connection, say } = scene()
    const [acme, globex] = [statementOf('acme'), statementOf('globex')]
    const has = (): readonly boolean[] => [acme, globex].map(({ shape }) => connection.hasSeen(shape))
    t.same(has(), [false, false])
    for (let run = 0; run < 10; run++) {
      const { answer } = add('acme', acme)
      connection.flush()
      if (run === 0) say(answer)
      t.same(has(), [true, false])
    }
    add('globex', globex)
    t.same(has(), [true, true])
  })

  t.test('ends when the settings that come back are a neighbour\'s', async (t) => {
    const { add, statementOf, connection, say } = scene()
    const [acme, globex] = [add('acme', statementOf('acme')), add('globex', statementOf('globex'))]
    connection.flush()
    say(globex.answer)
    for (const { seen } of [acme, globex]) t.match(seen, { isLost: true, isFinished: false, bytes: { length: 0 } })
  })

  t.test('ends when the nonce is not that of the cycle at the head, although the tenant is the same', async (t) => {
    const { add, statementOf, connection, say } = scene()
    const [first, second] = [add('acme', statementOf('acme')), add('acme', statementOf('acme', 'select 2'))]
    connection.flush()
    say(second.answer)
    t.match(first.seen, { isLost: true, bytes: { length: 0 }, errors: [{ code: 'FST_TENANCY_SQL_UNEXPECTED' }] })
  })

  const lies: Readonly<Record<string, (cycle: ReturnType<ReturnType<typeof scene>['add']>) => Buffer>> = {
    'the settings are not answered': () => Buffer.concat([message(bindComplete), ROW]),
    'the row of the settings is missing': () => Buffer.concat([message(bindComplete), TAG]),
    'the server is ready in the middle of the settings': ({ settings }) => Buffer.concat([settings.subarray(0, 5), READY]),
    'a statement was not prepared as asked': ({ settings }) => Buffer.concat([settings, message(bindComplete)]),
    'the tag is of another kind of statement': ({ settings, parsed }) => Buffer.concat([settings, parsed, message(bindComplete), message(commandComplete, 'SET\0')]),
    'the server is in a transaction afterwards': ({ settings, parsed }) => Buffer.concat([settings, parsed, message(bindComplete), TAG, readyForQuery(84)]),
    'texts would be read in another encoding': () => message(BACKEND.parameterStatus, 'client_encoding\0LATIN1\0'),
    'literals would be read by other rules': () => message(BACKEND.parameterStatus, 'standard_conforming_strings\0off\0'),
    'the server says goodbye': () => message(BACKEND.error, 'SFATAL\0VFATAL\0C57P01\0Mterminating\0\0'),
    'the settings fail for a reason that is not known': () => errorMessage('22023', 'invalid value for parameter "search_path"')
  }
  for (const [what, lie] of Object.entries(lies)) {
    t.test(`ends when ${what}`, async (t) => {
      const { add, statementOf, connection, say, events } = scene()
      const cycle = add('acme', statementOf('acme'))
      connection.flush()
      say(lie(cycle))
      t.notOk(connection.isUsable)
      t.match(cycle.seen, { isLost: true, isFinished: false })
      t.notOk(cycle.seen.bytes.includes('secret'))
      t.equal(events.ended, 1)
    })
  }

  t.test('ends when a message comes that nobody asked for', async (t) => {
    for (const bytes of [ROW, READY, TAG]) {
      const { connection, say } = scene()
      say(bytes)
      t.notOk(connection.isUsable)
    }
    const { connection, say } = scene()
    say(message(BACKEND.notice, 'SNOTICE\0\0'), message(BACKEND.notification, int32(1), 'x\0y\0'), message(BACKEND.parameterStatus, 'TimeZone\0UTC\0'))
    t.ok(connection.isUsable, 'what comes at any time does no harm')
  })

  t.test('skips a statement whose schema is not there, and goes on', async (t) => {
    const { add, statementOf, connection, say } = scene()
    const cycle = add('acme', statementOf('acme'))
    connection.flush()
    say(message(bindComplete), errorMessage('22012', 'division by zero'), READY)
    t.match(cycle.seen, { isFinished: true, errors: [{ code: 'FST_TENANCY_SCHEMA_MISSING' }] })
    t.notOk(cycle.seen.bytes.includes('division'))
    t.ok(connection.isUsable)
  })

  t.test('asks once more when what it had prepared is out of date, and never in a transaction', async (t) => {
    const { add, statementOf, connection, say, events } = scene()
    const statement = statementOf('acme')
    say(add('acme', statement).answer)
    const outdated = errorMessage('0A000', 'cached plan must not change result type', 'RevalidateCachedQuery')
    const again = add('acme', statement)
    say(again.settings, outdated, READY)
    t.equal(events.outdated, 1)
    t.equal(again.seen.bytes.length, 0)
    again.cycle.isRetried = true
    connection.add(again.cycle)
    t.equal(connection.statements.size, 1, 'prepared anew')
  })

  t.test('gives back what it has not sent, and tells the others that they are lost', async (t) => {
    const { add, statementOf, connection, events } = scene()
    const sent = add('acme', statementOf('acme'))
    connection.flush()
    const unsent = add('globex', statementOf('globex'))
    connection.fail(new Error('a fault'))
    t.ok(sent.seen.isLost)
    t.notOk(unsent.seen.isLost)
    t.equal(events.unsent, 1)
  })

  t.test('is given up when nothing answers', async (t) => {
    const { add, statementOf, connection } = scene()
    const cycle = add('acme', statementOf('acme'))
    connection.flush()
    connection.checkDeadline(performance.now() + 10, 1_000)
    t.ok(connection.isUsable)
    connection.checkDeadline(performance.now() + 2_000, 1_000)
    t.match(cycle.seen, { isLost: true, errors: [{ code: 'FST_TENANCY_SQL_DEADLINE' }] })
  })

  t.test('sends no statement without settings', async (t) => {
    const { connection, socket, statementOf } = scene()
    const owner = { receive () {}, described () {}, refused () {}, finished () {}, lost () {} }
    t.throws(() => connection.add(new Cycle(owner, undefined, { kind: 'run', statement: statementOf('acme'), isNamed: true, bind: BIND, nameEnd: 10 }, true)), TypeError)
    t.throws(() => connection.add(new Cycle(owner, undefined, { kind: 'text', text: Buffer.from('select 1') }, false)), TypeError)
    connection.flush()
    t.equal(socket.written.length, 0)
    connection.add(new Cycle(owner, undefined, { kind: 'bare', messages: queryOf('begin') }, false))
    connection.flush()
    t.equal(socket.written.length, 1)
  })
})

import t from 'tap'
import { isEnd, isNextRows, readGroup } from '../../../../lib/data/wire/frontend.ts'
import { EXECUTE, FLUSH, FRONTEND, SYNC, TERMINATE, describeOf, int16, int32, message, parseBody, parseOf, queryOf } from '../../../../lib/data/wire/messages.ts'

const PARSE = parseOf('s', parseBody('select 1'))
const BIND = message(FRONTEND.bind, '\0s\0', int16(0), int16(0), int16(0))
const join = (...messages: Buffer[]): Buffer => Buffer.concat(messages)

t.test('readGroup()', async (t) => {
  t.test('reads a statement up to its Sync or Flush', async (t) => {
    t.match(readGroup(join(PARSE, describeOf('s'), BIND, EXECUTE, SYNC, SYNC), 0), { parse: { name: 's' }, isDescribing: true, bind: { name: 's' }, execute: { rows: 0 }, end: 'sync' })
    t.match(readGroup(join(PARSE, describeOf('s'), FLUSH), 0), { isDescribing: true, bind: undefined, end: 'flush' })
    t.match(readGroup(join(SYNC, queryOf('select 1')), SYNC.length), { text: Buffer.from('select 1'), end: 'query' })
    t.match(readGroup(message(FRONTEND.copyData, 'x'), 0), { end: 'copy' })
    t.match(readGroup(TERMINATE, 0), { end: 'terminate' })
  })

  t.test('knows the next rows of a cursor and the end of anything', async (t) => {
    const next = readGroup(join(message(FRONTEND.execute, '\0', int32(5)), FLUSH), 0)
    const close = readGroup(join(message(FRONTEND.close, 'P\0'), SYNC), 0)
    const whole = readGroup(join(BIND, EXECUTE, SYNC), 0)
    t.same([next, close, whole].map((group) => group !== undefined && isNextRows(group)), [true, false, false])
    t.same([next, close, whole].map((group) => group !== undefined && isEnd(group)), [false, true, false])
  })

  const unknown: Readonly<Record<string, Buffer>> = {
    'a group without an end': join(PARSE, BIND, EXECUTE),
    'a message that is cut': SYNC.subarray(0, 4),
    'a length that is none': Buffer.from([83, 0, 0, 0, 1]),
    'two statements': join(PARSE, BIND, BIND, EXECUTE, SYNC),
    'two texts': join(PARSE, PARSE, SYNC),
    'two executions': join(BIND, EXECUTE, EXECUTE, SYNC),
    'an execution with more than its rows': join(BIND, message(FRONTEND.execute, '\0', int32(0), '\0'), SYNC),
    'a description of nothing, in front of an S': join(PARSE, message(FRONTEND.describe), SYNC),
    'a portal with a name': join(message(FRONTEND.bind, 'p\0s\0', int16(0), int16(0), int16(0)), EXECUTE, SYNC),
    'an execution of a portal with a name': join(BIND, message(FRONTEND.execute, 'p\0', int32(0)), SYNC),
    'the description of a portal': join(BIND, message(FRONTEND.describe, 'P\0'), EXECUTE, SYNC),
    'the end of a statement': join(message(FRONTEND.close, 'Ss\0'), SYNC),
    'a text inside a statement': join(PARSE, queryOf('select 1')),
    'a function call': join(message(70, 'x'), SYNC)
  }
  for (const [what, bytes] of Object.entries(unknown)) t.test(`does not know ${what}`, async (t) => t.equal(readGroup(bytes, 0), undefined))
})

import t from 'tap'
import { statementsIn } from '../../../../../lib/faces/testing/leak-suite/wiretap.ts'

const message = (type: string, ...texts: string[]): Buffer => {
  const body = Buffer.from(texts.map((text) => `${text}\0`).join(''))
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

t.test('a wiretap reads what is executed', async (t) => {
  t.test('in simple queries', async (t) => {
    t.same(statementsIn(message('Q', 'select 1'), new Map()), ['select 1'])
  })

  t.test('in prepared statements, each time that one is bound', async (t) => {
    const known = new Map<string, string>()
    t.same(statementsIn(Buffer.concat([message('P', 's1', 'select 2'), message('B', '', 's1')]), known), ['select 2'])
    t.same(statementsIn(message('B', '', 's1'), known), ['select 2'])
  })

  t.test('and nothing in a start-up message, a half message or noise', async (t) => {
    t.same(statementsIn(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]), new Map()), [])
    t.same(statementsIn(message('Q', 'select 1').subarray(0, 8), new Map()), [])
    t.same(statementsIn(Buffer.alloc(0), new Map()), [])
  })
})

import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { SchemaAge } from '../../../../lib/data/lanes/schema-age.ts'
import { ServerStatements } from '../../../../lib/data/lanes/server-statements.ts'
import { Statements } from '../../../../lib/data/lanes/statements.ts'
import { parseBody } from '../../../../lib/data/wire/messages.ts'

/** An age that is read from what the test says, and how often it was. */
function scene (cacheMs: number) {
  const registry: { row: Readonly<Record<string, unknown>> | undefined, isLost: boolean, reads: number } = { row: { age: '1', changing: 'false' }, isLost: false, reads: 0 }
  const age = new SchemaAge({
    cacheMs,
    read: async () => {
      registry.reads++
      if (registry.isLost) throw new Error('the registry does not answer')
      return registry.row === undefined ? [] : [registry.row]
    }
  })
  const known = async (): Promise<string | undefined> => {
    const first = age.current
    await setImmediate()
    return age.current ?? first
  }
  return { age, registry, known }
}

t.test('the age of tables', async (t) => {
  t.test('is not known before it was read, and then read no more than twice in its time', async (t) => {
    const { age, registry } = scene(60_000)
    t.equal(age.current, undefined)
    await setImmediate()
    t.same([age.current, age.current, age.current], ['1', '1', '1'])
    t.equal(registry.reads, 1)
  })

  t.test('is not known while tables change, nor where the answer says nothing', async (t) => {
    for (const row of [{ age: '2', changing: 'true' }, { age: '2', changing: 't' }, { age: 2, changing: 'false' }, {}, undefined]) {
      const { registry, known } = scene(60_000)
      registry.row = row
      t.equal(await known(), undefined, JSON.stringify(row))
    }
  })

  t.test('is not believed for longer than its time where the registry does not answer', async (t) => {
    const { age, registry, known } = scene(40)
    t.equal(await known(), '1')
    registry.isLost = true
    await sleep(60)
    t.equal(await known(), undefined)
    registry.isLost = false
    await sleep(60)
    t.equal(await known(), '1')
    t.equal(age.current, '1')
  })

  t.test('is asked for anew when it is forgotten, and an answer from before does not count', async (t) => {
    const { age, registry, known } = scene(60_000)
    t.equal(await known(), '1')
    registry.row = { age: '2', changing: 'false' }
    age.forget()
    t.equal(age.current, undefined)
    // This answer is on its way.
    age.forget()
    await setImmediate()
    t.equal(age.current, undefined)
    t.equal(await known(), '2')
  })
})

t.test('in a transaction', async (t) => {
  const statements = new Statements()
  const statement = statements.statement(statements.text(parseBody('select * from deals')), 'acme')

  t.test('what was prepared before it is used at the same age only', async (t) => {
    const age: { current: string | undefined } = { current: '1' }
    const server = new ServerStatements(age)
    const before = server.add(statement).server
    server.transaction++
    t.equal(server.fitsTransaction(before), true)
    age.current = '2'
    t.equal(server.fitsTransaction(before), false, 'tables were changed')
    age.current = undefined
    t.equal(server.fitsTransaction(before), false, 'tables may be changing')
  })

  t.test('what was prepared while tables changed is never used after it, and in it always', async (t) => {
    const age: { current: string | undefined } = { current: undefined }
    const server = new ServerStatements(age)
    const inside = server.add(statement).server
    t.equal(server.fitsTransaction(inside), true)
    server.transaction++
    t.equal(server.fitsTransaction(inside), false)
    age.current = '2'
    t.equal(server.fitsTransaction(inside), false)
  })
})

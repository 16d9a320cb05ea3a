import t from 'tap'
import { ServerStatements } from '../../../../lib/data/lanes/server-statements.ts'
import { Statements } from '../../../../lib/data/lanes/statements.ts'
import { Description } from '../../../../lib/data/wire/description.ts'
import { BACKEND, int16, int32, message, parseBody } from '../../../../lib/data/wire/messages.ts'

const columns = (table: number, name: string): Buffer => message(BACKEND.rowDescription, int16(1), `${name}\0`, int32(table), int16(1), int32(23), int16(4), int32(-1), int16(0))
const PARAMETERS = message(BACKEND.parameterDescription, int16(1), int32(25))
const DESCRIPTION = new Description(PARAMETERS, columns(1, 'a'))

t.test('Statements', async (t) => {
  t.test('keeps each text once, and what it means in each schema', async (t) => {
    const statements = new Statements()
    const text = statements.text(parseBody('select 1'))
    t.equal(statements.text(parseBody('select 1')), text)
    t.not(statements.text(parseBody('select 1', [25])), text)
    t.equal(statements.statement(text, 'a'), statements.statement(text, 'a'))
    t.not(statements.statement(text, 'a'), statements.statement(text, 'b'))
    t.same(Array.from({ length: 5 }, () => statements.deservesName(text)), [false, false, false, true, true])
  })

  t.test('believes the description from before where the server says the same again, so that no connection prepares anew for that', async (t) => {
    const statements = new Statements()
    const statement = statements.statement(statements.text(parseBody('select a from t')), 'a')
    t.equal(statement.learn(DESCRIPTION), DESCRIPTION)
    t.equal(statement.learn(new Description(PARAMETERS, columns(1, 'a'))), DESCRIPTION)
    const other = new Description(PARAMETERS, columns(1, 'b'))
    t.equal(statement.learn(other), other)
    t.equal(statement.description, other)
    statement.forgetDescription()
    t.equal(statement.description, undefined)
  })

  t.test('takes descriptions for the same that differ in the table only, and for others whatever else differs', async (t) => {
    const statements = new Statements()
    const text = statements.text(parseBody('select a from t'))
    const learn = (shape: string, said: Buffer, parameters = PARAMETERS): Description => statements.statement(text, shape).learn(new Description(parameters, said))
    const [first, second, third] = [learn('a', columns(1, 'a')), learn('b', columns(2, 'a')), learn('c', columns(3, 'b'))]
    t.same([first.hasColumnsOf(second), second.hasColumnsOf(first), first.hasColumnsOf(third), third.hasColumnsOf(second)], [true, true, false, false])
    const other = learn('d', columns(1, 'a'), message(BACKEND.parameterDescription, int16(1), int32(23)))
    t.same([first, second, third].map((one) => one.hasParametersOf(other)), [false, false, false])
    t.ok(second.hasParametersOf(third))
    t.same([second.columns, third.columns], [columns(2, 'a'), columns(3, 'b')], 'and each is what its server said')
  })

  t.test('forgets what was seen first when there are too many', async (t) => {
    const statements = new Statements()
    const text = statements.text(parseBody('select 0'))
    for (let n = 0; n < 25_000; n++) statements.statement(text, `tenant_${n}`)
    t.equal(statements.size.statements, 20_000)
    t.notOk(text.byShape.has('tenant_0'))
    for (let n = 1; n < 6_000; n++) statements.text(parseBody(`select ${n}`))
    t.same(statements.size, { texts: 5_000, statements: 0 })
    const long = 'x'.repeat(4 * 1024 * 1024)
    for (let n = 0; n < 8; n++) statements.text(parseBody(`select '${n}${long}'`))
    t.ok(statements.size.texts <= 4)
  })
})

t.test('ServerStatements', async (t) => {
  t.test('closes what was used longest ago when there are too many (D-22)', async (t) => {
    const [statements, server] = [new Statements(), new ServerStatements({ current: undefined })]
    const text = statements.text(parseBody('select 1'))
    const add = (shape: string) => {
      const added = server.add(statements.statement(text, shape))
      added.server.description = DESCRIPTION
      return added
    }
    const first = add('a')
    add('b')
    t.equal(server.get(statements.statement(text, 'a')), first.server, 'used')
    const closed = Array.from({ length: 2_000 }, (_, index) => add(`c${index}`).closed).flat()
    t.equal(closed.length, 2)
    t.same(closed, ['s1', 's0'])
    t.equal(server.size, 2_000)
  })

  t.test('closes what is out of date with the next one, and what was never there not at all', async (t) => {
    const [statements, server] = [new Statements(), new ServerStatements({ current: undefined })]
    const statement = statements.statement(statements.text(parseBody('select 1')), 'a')
    const old = server.add(statement).server
    old.description = DESCRIPTION
    server.drop(statement, old)
    const next = server.add(statement)
    t.same(next.closed, [old.name])
    server.drop(statement, next.server)
    t.same(server.add(statement).closed, [])
    t.notOk(server.delete(statement, old), 'another one has its place')
  })
})

t.test('Description', async (t) => {
  t.test('is the same for tables that look the same in two schemas', async (t) => {
    t.ok(DESCRIPTION.hasColumnsOf(new Description(PARAMETERS, columns(2, 'a'))))
    t.notOk(DESCRIPTION.hasColumnsOf(new Description(PARAMETERS, columns(1, 'b'))))
    t.notOk(DESCRIPTION.hasParametersOf(new Description(message(BACKEND.parameterDescription, int16(0)), columns(1, 'a'))))
    t.ok(new Description(PARAMETERS, message(BACKEND.noData)).hasParametersOf(DESCRIPTION))
  })
})

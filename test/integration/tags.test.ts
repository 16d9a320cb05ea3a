import t from 'tap'
import { Connection } from '../../lib/data/lanes/connection.ts'
import { Cycle } from '../../lib/data/lanes/cycle.ts'
import { openConnection } from '../../lib/data/lanes/open-connection.ts'
import { Statements } from '../../lib/data/lanes/statements.ts'
import { openDriver, postgresDialect } from '../../lib/data/wire/index.ts'
import { int16, message, parseBody } from '../../lib/data/wire/messages.ts'
import { settingsFor } from '../support/lanes.ts'
import { testTenancy } from '../support/tenancy.ts'

// The second line: whatever the words of a text are taken for, the server's tag says what it was. Cycles are made here
// without asking for the kind, as if that had failed.

const BIND = message(66, '\0name\0', int16(0), int16(0), int16(0))

async function scene (url: string) {
  const driver = openDriver(url, 5_000)
  const dialect = postgresDialect({ isNamed: true })
  const connection = new Connection(await openConnection(driver, dialect, { isPooled: false, timeouts: { connect: 5_000, transaction: 60_000, statement: 5_000 } }), { answered () {}, ended () {}, outdated () {} }, { current: undefined })
  const statements = new Statements()
  const add = (tenant: string, text: string, isShared: boolean) => {
    const frame = dialect.frameOf(settingsFor(tenant))
    const statement = statements.statement(statements.text(parseBody(text)), frame.shape)
    const seen = { bytes: '', errors: new Array<unknown>() }
    return new Promise<typeof seen & { readonly end: string }>((resolve) => {
      connection.add(new Cycle({
        receive: (bytes) => { seen.bytes += bytes.toString('latin1') },
        described () {},
        refused: (error) => { seen.errors.push(error) },
        finished: () => resolve({ ...seen, end: 'finished' }),
        lost: () => resolve({ ...seen, end: 'lost' })
      }, frame, { kind: 'run', statement, isNamed: true, bind: BIND, nameEnd: BIND.indexOf(0, 6) }, isShared))
    })
  }
  return { connection, add }
}

t.test('a statement that is not what it was taken for', async (t) => {
  const { appUrl } = await testTenancy(t)
  const body = 'select body from docs'

  t.test('is answered, as its neighbour is, if it is harmless', async (t) => {
    const { connection, add } = await scene(appUrl)
    const cycles = [add('acme', body, true), add('globex', body, true)]
    connection.flush()
    t.match(await Promise.all(cycles), [{ end: 'finished', bytes: /secret of acme/ }, { end: 'finished', bytes: /secret of globex/ }])
    connection.close()
  })

  const control = ['commit', 'rollback', 'end', 'begin', 'start transaction', 'deallocate all', 'set x.y = 1', 'reset all', 'listen x', 'notify x', 'discard plans', 'do $$begin end$$', 'prepare p as select 1']
  for (const text of control) {
    t.test(`ends a shared connection before the neighbour is answered: ${text}`, async (t) => {
      const { connection, add } = await scene(appUrl)
      const cycles = [add('acme', text, true), add('globex', body, true)]
      connection.flush()
      const [liar, neighbour] = await Promise.all(cycles)
      t.match(liar, { end: 'lost', errors: [{ code: 'FST_TENANCY_SQL_UNEXPECTED' }] })
      t.match(neighbour, { end: 'lost', bytes: '' })
      t.notOk(connection.isUsable)
    })
  }

  for (const text of control.filter((text) => !text.startsWith('set '))) {
    t.test(`ends a connection that it has alone: ${text}`, async (t) => {
      const { connection, add } = await scene(appUrl)
      const cycle = add('acme', text, false)
      connection.flush()
      t.match(await cycle, { end: 'lost', errors: [{ code: 'FST_TENANCY_SQL_UNEXPECTED' }] })
    })
  }
})

// A process for test/integration/owner-loss.test.ts: loses the owner's backend in many positions, and says what came of each.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql, TransactionSql } from 'postgres'
import postgres from 'postgres'
import { inTransaction, withOwner } from '../../lib/data/owner/index.ts'
import { resolveConfig } from '../../lib/settings/config/index.ts'

const [adminUrl = '', database = '', ownerDatabase = ''] = process.argv.slice(2)
const config = resolveConfig({ mode: 'multi', database, ownerDatabase }, {})
const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
const big = 'x'.repeat(4_000)

async function lose (sql: Sql | TransactionSql): Promise<void> {
  const [row] = await sql`select pg_backend_pid() as pid`
  await kill(Number(row?.['pid']))
  // The client hears of it now.
  await sleep(30)
}

async function kill (pid: number): Promise<void> {
  await admin`select pg_terminate_backend(${pid}, 5000)`
}

const within = <T>(fn: (tx: TransactionSql) => Promise<T>) => (sql: Sql): Promise<T> => inTransaction(sql, { lock: 1_000 }, fn)

/** Where the backend goes; each has to end with an error. */
const POSITIONS: Readonly<Record<string, (sql: Sql) => Promise<unknown>>> = {
  'between two statements': async (sql) => { await lose(sql); await sql`select 1` },
  'between two statements, the second with values': async (sql) => { await lose(sql); await sql`select ${1}::int` },
  'between two statements, the second long': async (sql) => { await lose(sql); await sql.unsafe(`select '${big}'`) },
  'in a transaction that waits elsewhere': within(async (tx) => { await lose(tx); await tx`select 1` }),
  'in a transaction, behind values': within(async (tx) => { await tx`select ${1}::int`; await lose(tx); await tx`select ${2}::int` }),
  'in a transaction, before a long text': within(async (tx) => { await lose(tx); await tx.unsafe(`select '${big}'`) }),
  'in a transaction, before many at once': within(async (tx) => { await lose(tx); await Promise.all([tx`select 1`, tx`select ${2}::int`, tx.unsafe(`select '${big}'`)]) }),
  'in a transaction that goes on after errors': within(async (tx) => {
    await lose(tx)
    for (let i = 0; i < 5; i++) await Promise.race([tx`select 1`.catch(() => {}), sleep(50)])
    throw new Error('as it should be')
  }),
  'in a transaction that then only ends': within(async (tx) => { await lose(tx) }),
  'in a savepoint': within(async (tx) => { await tx.savepoint(async (inner) => { await lose(inner); await inner`select 1` }) }),
  'in the middle of a statement': within(async (tx) => {
    const [row] = await tx`select pg_backend_pid() as pid`
    await Promise.all([tx`select pg_sleep(5)`, sleep(50).then(() => kill(Number(row?.['pid'])))])
  }),
  'while rows are copied in': within(async (tx) => {
    const [row] = await tx`select pg_backend_pid() as pid`
    await tx`create table copied (text text)`
    const stream = await tx`copy copied from stdin`.writable()
    const failed = once(stream, 'close')
    stream.on('error', () => {})
    stream.write('one\n')
    await kill(Number(row?.['pid']))
    for (let i = 0; i < 20; i++) { stream.write(big + '\n'); await sleep(5) }
    stream.end()
    await failed
    throw stream.errored ?? new Error('nothing was told')
  }),
  'while rows are copied out': within(async (tx) => {
    const [row] = await tx`select pg_backend_pid() as pid`
    const stream = await tx`copy (select repeat('y', 1000) from generate_series(1, 200000)) to stdout`.readable()
    for await (const chunk of stream) if (chunk !== undefined) await kill(Number(row?.['pid']))
    throw new Error('as it should be')
  }),
  'while a cursor is read': within(async (tx) => {
    const [row] = await tx`select pg_backend_pid() as pid`
    for await (const rows of tx`select generate_series(1, 1000)`.cursor(10)) if (rows.length > 0) await kill(Number(row?.['pid']))
  }),
  'as the client ends': async (sql) => { await lose(sql); throw new Error('as it should be') }
}

process.on('uncaughtException', (error) => { console.log(`uncaught ${error.message}`) })
process.on('unhandledRejection', (error) => { console.log(`unhandled ${String(error)}`) })

for (const [name, position] of Object.entries(POSITIONS)) {
  const outcome = withOwner(config, position).then(() => 'nothing', () => 'an error')
  console.log(`${name}: ${await Promise.race([outcome, sleep(2_000, 'no end')])}`)
  await sleep(20)
}
// At any time, whatever it is doing.
for (let i = 0; i < 16; i++) {
  const outcome = withOwner(config, async (sql) => {
    const [row] = await sql`select pg_backend_pid() as pid`
    sleep(i / 4).then(() => kill(Number(row?.['pid']))).catch(() => {})
    for (;;) await within(async (tx) => { await tx`select ${i}::int`; await tx.unsafe(`select '${big}'`); await sleep(1); await tx`select 1` })(sql)
  }).then(() => 'nothing', () => 'an error')
  console.log(`at any time: ${await Promise.race([outcome, sleep(2_000, 'no end')])}`)
}
await admin.end()
console.log('over')
process.exit()

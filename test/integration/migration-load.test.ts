import t from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { migrateTenants } from '../../lib/operations/fleet/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { DEALS, operationsScene } from '../support/operations.ts'

// A statement that was prepared before its table changed is 0A000 to the server: "cached plan must not change result type".
t.test('live traffic sees nothing of a migration, in plain statements and in transactions, run by migrate or by provision (D-08)', async (t) => {
  const { configOf, appUrl, ownerUrl } = await operationsScene(t)
  const files: Record<string, string> = { '001_deals.sql': `${DEALS} alter table deals add amount int; insert into deals select n, 'x', n from generate_series(1, 20) n` }
  const tenancy = await createTenancy({ mode: 'multi', database: appUrl, ownerDatabase: ownerUrl, migrations: t.testdir(files), lanes: { max: 3 }, timeouts: { statement: 4_000, transaction: 6_000 }, log: { info () {}, warn () {}, error () {} } })
  t.teardown(() => tenancy.close())
  for (const id of ['acme', 'globex']) await tenancy.provision({ id })
  const { sql } = tenancy
  const failures: unknown[] = []
  let count = 0
  const ending = new AbortController()
  const load = async (id: string, work: () => Promise<unknown>): Promise<void> => {
    while (!ending.signal.aborted) {
      await tenancy.runWithTenant(id, work).then(() => count++, (error: unknown) => failures.push(error))
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
  const callers = ['acme', 'acme', 'globex'].flatMap((id) => [
    load(id, async () => await sql`select * from deals where id = ${1}`),
    load(id, async () => await sql`update deals set title = ${'y'} where id = ${2} returning *`),
    load(id, async () => await sql.begin(async (tx) => { await tx`select * from deals where id = ${3}`; await tx`update deals set title = 'z' where id = ${4} returning *` }))
  ])
  for (const [number, text] of [
    'alter table deals add stage text', 'alter table deals alter amount type bigint', 'alter table deals add closed boolean default false', 'alter table deals alter amount type numeric', 'alter table deals drop closed'
  ].entries()) {
    files[`00${number + 2}_change.sql`] = text
    // Whoever provisions a tenant again changes its tables too.
    if (number % 2 === 0) t.match(await migrateTenants(configOf(files), { lockTimeoutMs: 500, attempts: 10 }), { failed: 0, done: 2 })
    else for (const id of ['acme', 'globex']) t.match(await provision(configOf(files), { id }), { status: 'active', migration: `00${number + 2}_change.sql` })
    await new Promise((resolve) => { setTimeout(resolve, 150) })
  }
  ending.abort()
  await Promise.all(callers)
  t.same(failures, [])
  t.ok(count > 100, `${count} were answered`)
  t.match(Object.keys((await tenancy.runWithTenant('acme', () => sql`select * from deals where id = ${1}`))[0] ?? {}), ['id', 'title', 'amount', 'tenant_id', 'stage'])
})

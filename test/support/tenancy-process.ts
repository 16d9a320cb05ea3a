import { createTenancy } from '../../lib/index.ts'

// A process that serves tenants, for tests of what another one feels: prints a line for each thing that happens.

const [, , database = '', cacheMs = '60000'] = process.argv
const tenancy = await createTenancy({ mode: 'multi', database, registryCacheMs: Number(cacheMs), log: { info () {}, warn () {}, error () {} } })

const say = (what: string): void => { process.stdout.write(`${what}\n`) }
const outcome = async (work: Promise<unknown>): Promise<string> => work.then(() => 'served', (error: unknown) => error instanceof Error && 'code' in error ? String(error.code) : String(error))

for (const id of ['acme', 'globex']) tenancy.onTenantClosed(id, () => say(`${id} closed`))
for (const id of ['acme', 'globex']) {
  // A transaction that goes on until somebody ends it.
  outcome(tenancy.runWithTenant(id, () => tenancy.sql.begin(async (tx) => {
    await tx`select 1`
    say(`${id} began`)
    for (;;) {
      await tx`select 1`
      await new Promise((resolve) => { setTimeout(resolve, 20) })
    }
  }))).then((code) => say(`${id} transaction ${code}`))
}
for (const id of ['acme', 'globex']) say(`${id} ${await outcome(tenancy.runWithTenant(id, () => tenancy.sql`select * from docs`))}`)

process.stdin.on('data', async () => {
  for (const id of ['acme', 'globex']) say(`${id} ${await outcome(tenancy.runWithTenant(id, () => tenancy.sql`select * from docs`))}`)
})
process.stdin.on('end', () => process.exit())

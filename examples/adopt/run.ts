// What `npm run adopt` runs: ZakOps as it is, busy all the time, becomes a tenant; a second one comes in; and back, if wanted.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { type AdoptionReport, createTenancy, setUpDatabase } from 'zakops-tenancy'
import { startDatabase } from 'zakops-tenancy/testing'
import { type Load, keepBusy } from './load.ts'
import { openService } from './service.ts'

const SECRET = 'example'
const ROWS = 20_000
const file = (name: string): string => fileURLToPath(new URL(`../../adopt/${name}`, import.meta.url))

const isBack = process.argv.includes('--undo')
const database = await startDatabase()
try {
  await adopt(database.url)
} finally {
  await database.stop()
}

async function adopt (adminDatabase: string): Promise<void> {
  await seed(adminDatabase)
  await setUpDatabase({ adminDatabase, owner: { name: 'zakops_owner', password: SECRET }, app: { name: 'zakops_app', password: SECRET } })
  const service = openService(as(adminDatabase, 'zakops'))
  const load = keepBusy(service)
  const tenancy = await createTenancy({ mode: 'multi', database: as(adminDatabase, 'zakops_app'), ownerDatabase: as(adminDatabase, 'zakops_owner'), adminDatabase, migrations: file('migrations') })
  try {
    const plan = await tenancy.adopt.plan({ schema: 'zakops', tenant: 'acme', target: 'schema+rls' })
    for (const { name, class: kind, reasons } of plan.tables) console.log(`${name.padEnd(18)} ${kind.padEnd(8)} ${reasons.join('; ')}`)
    const { code } = await tenancy.adopt.observe(plan, file('.'))
    console.log(`observe: ${code.length} places in the code name the schema, the first is ${code[0]?.file}:${code[0]?.line}`)
    say('stamp', await tenancy.adopt.stamp(plan))
    const { counts, differences } = await tenancy.adopt.shadow('zakops')
    console.log(`shadow: ${counts.reduce((sum, { seen }) => sum + seen, 0)} rows seen, ${differences.length} differences`)
    say('enforce', await tenancy.adopt.enforce('zakops'))
    await sleep(500)
    if (isBack) say('undo', await tenancy.adopt.undo('zakops'))
    else await second(tenancy)
    await tell(load)
  } finally {
    await tenancy.close()
    await service.close()
  }
}

async function second ({ provision, runWithTenant, sql }: Awaited<ReturnType<typeof createTenancy>>): Promise<void> {
  await provision({ id: 'globex', name: 'Globex' })
  await runWithTenant('globex', async () => {
    await sql`insert into deals (deal_id, title) values ('DEAL-1', 'With an id that Acme has too')`
    console.log('globex sees', (await sql`select deal_id, title from deals`).length, 'deal')
  })
  await runWithTenant('acme', async () => console.log('acme sees', (await sql`select count(*)::int as deals from deals`)[0]?.['deals'], 'deals'))
}

async function tell (load: Load): Promise<void> {
  const { acknowledged, failures, reads, longestMs } = await load.stop()
  console.log(`meanwhile the old service opened ${acknowledged.length} deals and read ${reads}; ${failures.length} requests failed, the longest took ${longestMs} ms`)
  for (const failure of failures.slice(0, 5)) console.log(`  ${failure}`)
}

function say (step: string, { tookMs, locks, longestMs }: AdoptionReport): void {
  console.log(`${step}: ${tookMs} ms, ${locks.length} tables were locked, none longer than ${longestMs} ms`)
}

/** The role that the old service logs in as owns everything. */
async function seed (url: string): Promise<void> {
  const admin = postgres(url, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create role zakops login password '${SECRET}'; grant create on database postgres to zakops`)
  await admin.begin(async (tx) => {
    await tx.unsafe('set local role zakops')
    await tx.unsafe(readFileSync(file('before.sql'), 'utf8'))
    await tx.unsafe(`
      insert into zakops.deals (deal_id, title) select 'DEAL-' || n, 'Deal ' || n from generate_series(1, ${ROWS}) n;
      insert into zakops.agent_runs (deal_id, idempotency_key) select deal_id, 'seed ' || deal_id from zakops.deals;
      insert into zakops.approvals select 'ACT-' || number, deal_id, id, 'approved' from zakops.agent_runs;
      insert into zakops.audit_logs (deal_id) select deal_id from zakops.deals`)
  })
  await admin.end()
}

function as (url: string, role: string): string {
  const other = new URL(url)
  other.username = role
  other.password = SECRET
  return other.href
}

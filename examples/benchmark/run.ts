// What `npm run bench` runs.
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { type BenchmarkDatabase, openDatabase } from './database/open-database.ts'
import { seed } from './database/seed.ts'
import { choose, tenantCounts } from './choice.ts'
import { describeMachine } from './machine.ts'
import { APP_BASE, APP_TITLE, measureApps } from './measuring/app-group.ts'
import { measureClientGroup } from './measuring/client-group.ts'
import { REGISTERED_TITLE, measureRegistered, registeredLabels } from './measuring/registered.ts'
import { SIGNED_TITLE, type SignedCost, measureSigned } from './measuring/signed.ts'
import { type Holding, VISITS_TITLE, measureVisits } from './measuring/visits.ts'
import { type BenchmarkOptions, USAGE, readOptions } from './options.ts'
import { type Result, printHoldings, printResult, printSigned } from './report.ts'
import { BASE } from './rows.ts'
import { endChildren } from './workers/child.ts'

const folder = join(dirname(createRequire(import.meta.url).resolve('zakops-tenancy/package.json')), 'examples/benchmark')
const migrations = join(folder, 'migrations')

const ending = new AbortController()
let closeDatabase = async (): Promise<void> => {}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
start().then(() => end(0), (error: unknown) => {
  if (!ending.signal.aborted) console.error(explain(error))
  return end(ending.signal.aborted ? 130 : 1)
})

async function start (): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) return console.log(USAGE)
  const options = readOptions(args)
  const choice = choose(options)
  const since = performance.now()
  const database = await openDatabase(process.env['DATABASE_URL'] || undefined, (close) => { closeDatabase = close })
  const machine = await describeMachine(database)
  console.log(Object.entries(machine).map(([name, value]) => `${name}: ${String(value)}`).join(', '))
  const counts = tenantCounts(choice)
  console.log(`Making tenants: ${Object.entries(counts).map(([isolation, count]) => `${count} ${isolation}`).join(', ')} …`)
  await seed(database, counts, migrations, ending.signal)
  console.log(`The database is ready after ${seconds(since)} s.`)
  const { results, holdings, signed } = await measure(choice, options, database)
  const path = options.output ?? join(folder, 'results.json')
  await writeFile(path, `${JSON.stringify({ machine, options: { ...options, output: undefined }, results, signed, holdings }, null, 2)}\n`)
  console.log(`\n${options.isQuick ? 'A smoke run: these figures mean nothing. ' : ''}Everything took ${seconds(since)} s. The figures of every line are in ${relative(process.cwd(), path)}.`)
}

async function measure (choice: ReturnType<typeof choose>, { timing }: BenchmarkOptions, database: BenchmarkDatabase): Promise<{ results: Result[], signed: SignedCost | undefined, holdings: Holding[] }> {
  const { app } = database
  const results: Result[] = []
  const holdings: Holding[] = []
  const add = (result: Result): void => {
    results.push(result)
    printResult(result)
  }
  for (const group of choice.groups) add({ title: group.title, kind: group.kind, base: BASE, rows: await measureClientGroup(group, app, timing) })
  if (choice.apps.length > 0) add({ title: APP_TITLE, kind: 'throughput', base: APP_BASE, rows: await measureApps(choice.apps, app, timing) })
  if (choice.registered !== undefined) {
    const rows = await measureRegistered(choice.registered, database, timing, migrations, ending.signal)
    add({ title: REGISTERED_TITLE, kind: 'throughput', base: registeredLabels(choice.registered).base, rows })
  }
  const signed = choice.isSigned ? await measureSigned(database, timing, migrations, ending.signal) : undefined
  if (signed !== undefined) printSigned(SIGNED_TITLE, signed)
  for (const { isolation, steps } of choice.visits) holdings.push(...await measureVisits(isolation, steps, database))
  if (holdings.length > 0) printHoldings(VISITS_TITLE, holdings)
  return { results, signed, holdings }
}

function seconds (since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0)
}

/** Lets what is going on fail at its next step, so that nothing uses the database any more when it is dropped. */
function stop (): void {
  ending.abort()
  setTimeout(() => process.exit(1), 30_000).unref()
  endChildren().catch((error: unknown) => console.error(explain(error)))
}

async function end (code: number): Promise<void> {
  await endChildren()
  await closeDatabase().catch((error: unknown) => console.error(explain(error)))
  process.exit(code)
}

function explain (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${error.message}${error.cause === undefined ? '' : `\n  ${explain(error.cause)}`}`
}

// What `npm run fleet` runs: two servers, a fleet of tenants on them, and what became of it.
import { Table } from 'console-table-printer'
import { type FleetReport, runFleet } from './fleet.ts'
import { USAGE, readOptions } from './options.ts'
import { openServers } from './servers.ts'

/** What stops the servers that were started here. */
const stops: Array<() => Promise<void>> = []
let isEnding = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { end(130) })
start().catch((error: unknown) => {
  if (!isEnding) console.error(explain(error))
  end(1)
})

async function start (): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) return console.log(USAGE)
  const options = readOptions(args)
  const servers = await openServers(options.servers, (stop) => stops.push(stop))
  const line = progressLine()
  const report = await runFleet(servers, options, {
    onProgress: ({ phase, done, total }) => line(`${phase}: ${done} of ${total}`, done === total),
    onKill: (phase) => console.log(`\nKilling the process in the middle of ${phase} …`)
  })
  print(report)
  if (options.keep) return keep(servers.first.adminDatabase, servers.second.adminDatabase)
  await end(report.findings.problems.length === 0 ? 0 : 1)
}

/** Rewrites one line on a terminal; elsewhere says only what is complete. */
function progressLine (): (text: string, isComplete: boolean) => void {
  const { stdout } = process
  let last = ''
  return (text, isComplete) => {
    if (stdout.isTTY) stdout.write(`\r${text}${isComplete ? '\n' : ''}`)
    else if (isComplete && text !== last) console.log(text)
    if (isComplete) last = text
  }
}

function print ({ halves, reports, kills, findings }: FleetReport): void {
  const table = new Table({ shouldDisableColors: true })
  for (const { phase, tenants, ms, peakConnections } of halves) {
    table.addRow({ '': phase, tenants, seconds: (ms / 1000).toFixed(1), 'tenants/s': (tenants / ms * 1000).toFixed(1), 'peak connections': peakConnections })
  }
  table.printTable()
  for (const { done, failed, isResumed } of reports) console.log(`${isResumed ? 'Resumed' : 'Migrated'}: ${done} done, ${failed.length} failed${failed.length === 0 ? '' : ` (${failed.join(', ')})`}.`)
  if (kills > 0) console.log(`Killed ${kills === 1 ? 'once' : `${kills} times`}, and resumed.`)
  const { tenants, tables, applied, databases, problems } = findings
  console.log(`On both servers: ${tenants} tenants, ${databases} databases of their own, ${tables} tables, ${applied} migrations in the ledgers.`)
  console.log(problems.length === 0 ? 'Every tenant is active, has every table and has had every migration.' : problems.slice(0, 20).join('\n'))
}

function keep (...urls: readonly string[]): void {
  console.log(`The servers run until Ctrl-C:\n${urls.join('\n')}`)
  setInterval(() => {}, 60_000)
}

async function end (code: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  for (const stop of stops) await stop().catch((error: unknown) => console.error(explain(error)))
  process.exit(code)
}

function explain (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${error.message}${error.cause === undefined ? '' : `\n  ${explain(error.cause)}`}`
}

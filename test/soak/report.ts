import { Table } from 'console-table-printer'
import { PROXY_FAULTS, SERVER_FAULTS } from './faults/kinds.ts'
import type { Ledger } from './ledger.ts'
import { OPERATIONS } from './operations/index.ts'

const OUTCOMES = ['as it has to', 'failed', 'unknown', 'wrong', 'hung'] as const
const FAULTS: readonly string[] = [...PROXY_FAULTS.map(({ name }) => name), ...SERVER_FAULTS]
/** What depends on the moment, and has to be met all the same. */
const SEEN = ['serialization failure', 'cancelled on its way', 'copy in', 'a type that does not fit'] as const
/** How many callers at the most hear of one lie, as far as was seen. */
const HEARD_BY = 2
/** A shorter run may miss something. */
export const WHOLE_SECONDS = 8

/** A soak that does nothing proves nothing: whatever never happened breaks a promise too. */
export function assertEverythingHappened (ledger: Ledger, seconds: number): void {
  if (seconds < WHOLE_SECONDS) return
  for (const what of missing(ledger)) ledger.broken('everything happens now and then', what)
}

/** What has not happened so far. */
export function missing (ledger: Ledger): readonly string[] {
  return [
    ...OPERATIONS.map(({ kind }) => kind).filter((kind) => ledger.counted(kind, 'as it has to') === 0),
    ...FAULTS.filter((fault) => ledger.counted('faults', fault) === 0),
    ...SEEN.filter((what) => ledger.counted('seen', what) === 0)
  ]
}

/** A connection is given up for an answer that nobody asked for: because of a lie, which few callers hear of, or something is wrong. */
export function assertDoubtsExplained (ledger: Ledger): void {
  const [told, noticed] = [ledger.counted('lies', 'told'), ledger.counted('lies', 'noticed by a caller')]
  if (noticed > told * HEARD_BY) ledger.broken('a connection is in doubt because of a lie', `${noticed} doubts and ${told} lies`)
}

/** Prints what was done, what struck, and what was broken. */
export function print (ledger: Ledger, line: string): void {
  const operations = new Table({ columns: [{ name: 'operation', alignment: 'left' }, ...OUTCOMES.map((name) => ({ name }))] })
  const total = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0]))
  for (const { kind } of OPERATIONS) {
    const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, ledger.counted(kind, outcome)]))
    for (const outcome of OUTCOMES) total[outcome] = (total[outcome] ?? 0) + (counts[outcome] ?? 0)
    operations.addRow({ operation: kind, ...counts })
  }
  operations.addRow({ operation: 'all', ...total })
  operations.printTable()
  console.log(`faults: ${inOneLine(new Map(FAULTS.map((fault) => [fault, ledger.counted('faults', fault)])))}`)
  for (const table of ['seen', 'errors', 'lies', 'doubts', 'writes', 'rows']) console.log(`${table}: ${inOneLine(ledger.linesOf(table))}`)
  for (const { promise, count, examples } of ledger.breaches) console.log(`BROKEN ${count} times: ${promise}\n  ${examples.join('\n  ')}`)
  console.log(`${ledger.breaches.length === 0 ? 'Every promise held' : `${ledger.breaches.length} promises were broken`}: ${line}`)
}

function inOneLine (lines: ReadonlyMap<string, number>): string {
  return [...lines].map(([name, count]) => `${name} ${count}`).join(', ')
}

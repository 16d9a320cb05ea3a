import { Table } from 'console-table-printer'
import { type Io, plainLine } from './io.ts'

/** One line of a table. */
export type Row = Readonly<Record<string, string | number>>

/** What a command came to, for programs and for people. */
export interface Outcome {
  /** What `--json` prints. */
  readonly json: unknown
  /** What people read, above the table. */
  readonly lines?: readonly string[]
  readonly rows?: readonly Row[]
  /** Whether the exit code is 1. */
  readonly isFailed?: boolean
}

/** Prints what a command came to. The one place that writes to standard output. */
export function showOutcome ({ stdout }: Io, { json, lines = [], rows = [] }: Outcome, isJson: boolean): void {
  if (isJson) return showJson(stdout, json)
  for (const line of lines) stdout.write(`${line}\n`)
  if (rows.length > 0) stdout.write(stdout.isTTY === true ? tableOf(rows) : tabbed(rows))
}

/** Prints the one document that `--json` is. */
export function showJson (stdout: Io['stdout'], json: unknown): void {
  stdout.write(`${JSON.stringify(json, (_name, value: unknown) => typeof value === 'bigint' ? String(value) : value)}\n`)
}

function tableOf (rows: readonly Row[]): string {
  const table = new Table({ columns: columnsOf(rows).map((name) => ({ name, alignment: 'left' })) })
  for (const row of rows) table.addRow(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainLine(String(value))])))
  return `${table.render()}\n`
}

/** For `cut`, `awk` and files. */
function tabbed (rows: readonly Row[]): string {
  const columns = columnsOf(rows)
  return [columns, ...rows.map((row) => columns.map((name) => plainLine(String(row[name] ?? ''))))].map((cells) => `${cells.join('\t')}\n`).join('')
}

function columnsOf (rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))]
}

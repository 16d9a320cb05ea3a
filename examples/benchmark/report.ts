import { Table } from 'console-table-printer'
import type { Holding } from './measuring/visits.ts'
import type { SignedCost } from './measuring/signed.ts'
import type { Figure, Row, Spread } from './measuring/summary.ts'
import { type ClientGroup, counted } from './rows.ts'

/** The lines of one table. */
export interface Result {
  readonly title: string
  readonly kind: ClientGroup['kind']
  /** What the lines are compared with. */
  readonly base: string
  readonly rows: readonly Row[]
}

type Cells = Readonly<Record<string, string>>

/** Prints a table: the base first, then each line with its figures and the ratios of its pairs. */
export function printResult ({ title, kind, base, rows }: Result): void {
  const [first] = rows
  if (first === undefined) return
  const write = { throughput: throughputCells, latency: latencyCells, tail: tailCells }[kind]
  const lines = rows.map(({ label, figures, timesBegin }) => ({
    '': label,
    ...write((name) => figures[name]),
    ...(kind !== 'throughput' || timesBegin === undefined ? {} : { '× sql.begin': timesBegin.median.toFixed(1) })
  }))
  const baseLine = { '': base, ...write((name) => asBase(first.figures[name])) }
  print(title, [baseLine, ...lines])
}

type Read = (name: keyof Row['figures']) => Figure

function throughputCells (read: Read): Cells {
  const { own, ratio } = read('perSecond')
  return {
    'per second': whole(own.median),
    ratio: ratio.median.toFixed(2),
    spread: spreadOf(ratio),
    'Node CPU µs': whole(read('cpu').own.median),
    'CPU ratio': read('cpu').ratio.median.toFixed(2)
  }
}

function latencyCells (read: Read): Cells {
  const { own, ratio } = read('p50')
  return { 'median ms': own.median.toFixed(2), ratio: ratio.median.toFixed(2), spread: spreadOf(ratio), 'p95 ms': read('p95').own.median.toFixed(2) }
}

function tailCells (read: Read): Cells {
  return Object.fromEntries((['p50', 'p95', 'p99'] as const).flatMap((name) => {
    const { own, ratio } = read(name)
    return [[`${name} ms`, own.median.toFixed(2)], [`${name} ratio`, `${ratio.median.toFixed(2)} (${spreadOf(ratio)})`]]
  }))
}

/** The base compared with itself. */
function asBase ({ base }: Figure): Figure {
  const one = { min: 1, median: 1, max: 1 }
  return { base, own: base, ratio: one }
}

/** Prints what is held after tenants were used once each. */
export function printHoldings (title: string, holdings: readonly Holding[]): void {
  print(title, holdings.map(({ isolation, tenants, heap, resident, connections, server, stats }) => ({
    '': `${isolation}, ${counted(tenants)}`,
    'heap MB': megabytes(heap),
    'process MB': megabytes(resident),
    connections: String(connections),
    'server MB': server === undefined ? 'not readable' : megabytes(server),
    'stats()': JSON.stringify(stats).replaceAll(/["{}]/g, '').replaceAll(',', ' ')
  })))
}

/** Prints what a signed context costs. */
export function printSigned (title: string, { unsigned, signed, difference }: SignedCost): void {
  const line = (name: string, { min, median, max }: Spread): Cells => ({ '': name, 'median µs': median.toFixed(1), spread: `${min.toFixed(1)} – ${max.toFixed(1)}` })
  print(title, [line('the policy takes the id as it is', unsigned), line('the policy checks a signature', signed), line('difference of the pairs', difference)])
}

function print (title: string, lines: readonly Cells[]): void {
  const names = [...new Set(lines.flatMap((line) => Object.keys(line)))]
  const table = new Table({
    columns: names.map((name) => ({ name, alignment: name === '' || name === 'stats()' ? 'left' : 'right' })),
    shouldDisableColors: true
  })
  for (const line of lines) table.addRow(line)
  console.log(`\n${title}`)
  table.printTable()
}

function spreadOf ({ min, max }: Spread): string {
  return `${min.toFixed(2)} – ${max.toFixed(2)}`
}

function whole (value: number): string {
  return Math.round(value).toLocaleString('en')
}

function megabytes (bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1)
}

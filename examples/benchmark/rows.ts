import type { ClientPlan, Isolation, Work } from './workers/messages.ts'

/** A line of a table: who it is, and with which client. */
export interface ClientRow {
  readonly label: string
  readonly client: Omit<ClientPlan, 'url'>
}

/** Lines that are compared with the same base, at the same time. */
export interface ClientGroup {
  readonly title: string
  /** Which figures are printed. */
  readonly kind: 'throughput' | 'latency' | 'tail'
  readonly work: Work
  readonly callers: number
  /** Whether a proxy holds everything back for a while. */
  readonly isDelayed: boolean
  /** Whether all of them live in one process. */
  readonly isOneProcess: boolean
  readonly rows: readonly ClientRow[]
}

/** The numbers of tenants, from few to many: one, some, the usual, and more than a cache likes. */
export type Sizes = readonly [one: number, some: number, usual: number, many: number]

/** What users write without this package; the other lines are also given as a multiple of it. */
export const BEGIN = 'sql.begin + set_config'

export const BASE = 'postgres.js, no tenancy'

/** The one-way delay of the proxy. */
export const DELAY = 1

export const CALLERS = 50

/** Returns the label of the line of `sql.begin` that `label` is a multiple of: the one with the same tenants, because a thousand schemas cost it much too; else the first. */
export function beginOf (label: string, labels: readonly string[]): string | undefined {
  const begins = labels.filter((one) => one.startsWith(BEGIN))
  return begins.find((begin) => label.endsWith(begin.slice(BEGIN.length))) ?? begins[0]
}

/** Returns every group whose lines have one client of the database each. */
export function clientGroups (sizes: Sizes): readonly ClientGroup[] {
  const [, some, usual, many] = sizes
  const common = { kind: 'throughput', work: 'statement', callers: CALLERS, isDelayed: false, isOneProcess: false } as const
  const begin = beginRow('rls', usual)
  const both = [begin, ownRow('rls', usual), ownRow('schema+rls', usual)]
  // One caller is slow: with more tenants, the look-ups would be in the median.
  const alone = [beginRow('rls', some), ownRow('rls', some), ownRow('schema+rls', some)]
  const delayed = { kind: 'latency', callers: 1, isDelayed: true, rows: alone } as const
  return [
    { ...common, title: 'Single statement, rls', rows: [begin, beginRow('rls', many), nodePostgresRow(usual), ...sizes.map((size) => ownRow('rls', size))] },
    // A thousand schemas are seen with policies, below: to make another thousand takes longer than to measure them.
    { ...common, title: 'Single statement, schema', rows: [beginRow('schema', usual), ...sizes.slice(0, -1).map((size) => ownRow('schema', size))] },
    { ...common, title: 'Single statement, schema+rls', rows: [beginRow('schema+rls', usual), beginRow('schema+rls', many), ...sizes.map((size) => ownRow('schema+rls', size))] },
    { ...common, title: 'Transaction of five statements', work: 'transaction', rows: both },
    { ...common, ...delayed, title: `Single statement, ${DELAY} ms each way, one caller` },
    { ...common, ...delayed, title: `Transaction of five statements, ${DELAY} ms each way, one caller`, work: 'transaction' },
    { ...common, title: 'Fast statements beside slow ones (0.5 % sleep 30 ms)', kind: 'tail', work: 'mixed', rows: both.slice(1) },
    { ...common, title: 'Single statement, all in one process', isOneProcess: true, rows: both }
  ]
}

function beginRow (isolation: Isolation, tenants: number): ClientRow {
  return { label: `${BEGIN}, ${isolation}, ${counted(tenants)}`, client: { way: 'sql.begin', isolation, tenants } }
}

function nodePostgresRow (tenants: number): ClientRow {
  return { label: `node-postgres, begin + set_config, ${counted(tenants)}`, client: { way: 'node-postgres', isolation: 'rls', tenants } }
}

function ownRow (isolation: Isolation, tenants: number): ClientRow {
  return { label: `zakops-tenancy, ${isolation}, ${counted(tenants)}`, client: { way: 'zakops-tenancy', isolation, tenants } }
}

/** Returns "1 tenant", "1,000 tenants". */
export function counted (tenants: number): string {
  return `${tenants.toLocaleString('en')} ${tenants === 1 ? 'tenant' : 'tenants'}`
}

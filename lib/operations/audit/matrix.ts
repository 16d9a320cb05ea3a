import type { Finding, IsolationStrategyName, Place, Tenant } from '../../words/types.ts'
import type { AuditedTable } from './tables.ts'
import type { Seen } from './trying/index.ts'

/**
 * What keeps a tenant's rows of one table apart:
 *
 * - `policy`: a policy that was tried; `schema`, `database`: nothing but a schema or a database of the tenant's own;
 * - `common`: nobody's rows, all tenants read them; `closed`: the application cannot read it; `none`: there is no such table;
 * - `weak`: something about it was found, and something else still holds; `hole`: rows of others can be seen or changed;
 * - `unknown`: it could not be looked at.
 */
export type CellState = 'policy' | 'schema' | 'database' | 'common' | 'closed' | 'none' | 'weak' | 'hole' | 'unknown'

/** What one tenant can reach: a state for each table of the matrix, in their order. */
export interface MatrixRow {
  readonly tenantId: string
  readonly isolation: IsolationStrategyName
  readonly place: Place
  readonly cells: readonly CellState[]
}

/** Tenants by tables. */
export interface ReachMatrix {
  readonly tables: readonly string[]
  readonly rows: readonly MatrixRow[]
}

/** What is known of one place. */
export interface PlaceView {
  readonly place: Place
  readonly tenants: ReadonlyArray<Pick<Tenant, 'id' | 'isolation' | 'schema'>>
  readonly tables: readonly AuditedTable[]
  readonly findings: readonly Finding[]
  /** What each tenant saw of each relation, by tenant id and quoted name. */
  readonly seen: ReadonlyMap<string, ReadonlyMap<string, Seen>>
}

/** Returns the matrix of all places, with the tables of all of them. */
export function matrixOf (views: readonly PlaceView[]): ReachMatrix {
  const tables = [...new Set(views.flatMap((view) => tablesOfTenants(view)))].sort()
  return { tables, rows: views.flatMap((view) => view.tenants.map((tenant) => rowOf(view, tenant, tables))) }
}

function tablesOfTenants ({ tables, tenants }: PlaceView): readonly string[] {
  const schemas = new Set(tenants.map(({ schema }) => schema))
  return tables.filter(({ schema }) => schemas.has(schema)).map(({ table }) => table)
}

function rowOf (view: PlaceView, { id, isolation, schema }: PlaceView['tenants'][number], tables: readonly string[]): MatrixRow {
  const own = new Map(view.tables.filter((table) => table.schema === schema).map((table) => [table.table, table]))
  const marks = marksOf(view.findings)
  const isOpen = view.findings.some(({ check, severity }) => severity === 'fatal' && OPENS_EVERYTHING.test(check))
  const cells = tables.map((name): CellState => {
    const table = own.get(name)
    if (table === undefined) return 'none'
    if (isOpen && table.isReadable) return 'hole'
    return marks.get(table.name) ?? stateOf(table, isolation, view.seen.get(id)?.get(table.name))
  })
  return { tenantId: id, isolation, place: view.place, cells }
}

/** With one of these no table is held by anything. */
const OPENS_EVERYTHING = /^(role|setting-role|setting-tenant|session-tenant|pooler-statement)/

function stateOf (table: AuditedTable, isolation: IsolationStrategyName, seen: Seen | undefined): CellState {
  if (!table.isReadable) return 'closed'
  if (table.isReference) return 'common'
  if (seen === 'unknown') return 'unknown'
  if (seen === 'others') return table.isOwn ? 'weak' : 'hole'
  if (isolation === 'database') return 'database'
  if (table.isProtected) return 'policy'
  return table.isOwn ? 'schema' : 'policy'
}

/** The relations that findings name: `shared.deals`, `a policy on shared.deals`, `shared.deals: references`. */
function marksOf (findings: readonly Finding[]): ReadonlyMap<string, CellState> {
  const marks = new Map<string, CellState>()
  for (const { object, severity, check } of findings) {
    if (SAYS_NOTHING_OF_ROWS.has(check)) continue
    const name = object.replace(/^.* on /, '').replace(/: [\w ]+$/, '')
    if (severity === 'fatal') marks.set(name, 'hole')
    else if (!marks.has(name)) marks.set(name, 'weak')
  }
  return marks
}

/** They cost time, and no rows. */
const SAYS_NOTHING_OF_ROWS: ReadonlySet<string> = new Set(['index-missing', 'policy-per-row', 'policy-defeats-index', 'sequence-shared', 'sequence-outside', 'table-owner'])

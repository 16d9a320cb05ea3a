import type { Sql } from 'postgres'
import { TENANT_COLUMN } from '../../../words/names.ts'
import { type Table, hasTenantColumn, quotedTable } from './catalog.ts'
import type { Party } from './seed.ts'

/** The rows of each tenant as the superuser sees them; under `stranger` those of neither. */
export interface Snapshot {
  readonly rows: ReadonlyMap<Party | 'stranger', ReadonlySet<string>>
}

/** Reads every row of both tenants: in one transaction, as it is at one moment. */
export async function takeSnapshot (sql: Sql, tables: readonly Table[], parties: readonly Party[]): Promise<Snapshot> {
  const rows = new Map<Party | 'stranger', Set<string>>([...parties, 'stranger' as const].map((owner) => [owner, new Set()]))
  const schemas = [...new Set(parties.map(({ schema }) => schema))]
  const selects = schemas.flatMap((schema) => tables.map((table) =>
    `select ${literal(schema)} as schema, ${literal(table.name)} as "table", to_jsonb(t) as row from ${quotedTable(schema, table.name)} t`))
  if (selects.length === 0) return { rows }
  for (const found of await sql.unsafe(selects.join('\nunion all\n'))) {
    const table = tables.find(({ name }) => name === found['table'])
    const row: unknown = found['row']
    const owner = table === undefined ? 'stranger' : ownerOf(table, String(found['schema']), row, parties)
    rows.get(owner)?.add(`${String(found['table'])} ${JSON.stringify(row)}`)
  }
  return { rows }
}

/** A row is of whom it names; where it names nobody, of whom the schema is. */
function ownerOf (table: Table, schema: string, row: unknown, parties: readonly Party[]): Party | 'stranger' {
  const isOwn = hasTenantColumn(table)
    ? ({ tenant }: Party) => String(Reflect.get(Object(row), TENANT_COLUMN)) === tenant.id
    : (party: Party) => party.schema === schema
  return parties.find(isOwn) ?? 'stranger'
}

/** What differs between two moments for one owner: rows that came, and rows that went; a changed row is both. */
export interface Change {
  readonly came: readonly string[]
  readonly went: readonly string[]
}

export function changeOf (before: Snapshot, after: Snapshot, owner: Party | 'stranger'): Change {
  const [was, is] = [before.rows.get(owner) ?? new Set<string>(), after.rows.get(owner) ?? new Set<string>()]
  return { came: [...is].filter((row) => !was.has(row)), went: [...was].filter((row) => !is.has(row)) }
}

export function isChanged ({ came, went }: Change): boolean {
  return came.length + went.length > 0
}

function literal (text: string): string {
  return `'${text.replaceAll("'", "''")}'::text`
}

/** A table, view or the like of a schema of tenants. */
export interface AuditedTable {
  readonly schema: string
  readonly table: string
  /** Schema and table, quoted. */
  readonly name: string
  readonly isProtected: boolean
  readonly isReadable: boolean
  /** Whether every tenant reads it, and no row of it is anybody's. */
  readonly isReference: boolean
  /** Whether one tenant alone has the schema. */
  readonly isOwn: boolean
}

/** The statement that lists them, behind the words of the checks. */
export const TABLES_SQL = `
  select r.nspname as schema, r.relname as table, r.name, r.protected, r.readable, r.reference, r.kind in ('tenant', 'own') as own
  from rel r where r.kind in ('tenant', 'shared', 'own') and r.relkind in ('r', 'p', 'v', 'm', 'f') and not r.child
  order by 1, 2`

/** Reads a row of {@link TABLES_SQL}. */
export function tableOf (row: Record<string, unknown>): AuditedTable {
  return {
    schema: String(row['schema']),
    table: String(row['table']),
    name: String(row['name']),
    isProtected: row['protected'] === true,
    isReadable: row['readable'] === true,
    isReference: row['reference'] === true,
    isOwn: row['own'] === true
  }
}

import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../../words/names.ts'
import { PROTECT_SQL } from '../checks/policies/protection.ts'
import type { ColumnKind } from './values.ts'

/** A policy that holds the application's role, in the server's words. */
export interface Policy {
  /** `*`, or the first letter of the command: `r`, `a`, `w` or `d`. */
  readonly command: string
  readonly permissive: boolean
  readonly using: string | null
  readonly check: string | null
}

/** Tables that have the same name, columns and policies: what is true of one of them is true of all. */
export interface Shape {
  readonly tables: ReadonlyArray<{ readonly name: string, readonly repair: string }>
  /** The name without schema, by which the policies call the row. */
  readonly alias: string
  /** The column that says whose a row is. */
  readonly column: string
  readonly kind: ColumnKind
  readonly policies: readonly Policy[]
  /** Whether only the policies stand between tenants here, and no schema. */
  readonly isShared: boolean
  readonly isReadable: boolean
  /** Whether an index begins with the column. */
  readonly isIndexed: boolean
}

/** What is asked, behind the words of the checks. `registryRepair` is the SQL that repairs the registry's policy. */
export const shapesSql = (registryRepair: string): string => `
  select jsonb_agg(jsonb_build_object('name', r.name, 'repair', case when r.kind = 'control' then ${quoteLiteral(registryRepair)} else ${PROTECT_SQL} end) order by r.name) as tables,
    r.relname as alias, r.kind <> 'tenant' as shared, bool_or(r.readable) as readable, s.column, s.type, s.policies,
    bool_and(exists (select 1 from pg_index x join pg_attribute k on k.attrelid = x.indrelid and k.attnum = x.indkey[0]
      where x.indrelid = r.oid and x.indisvalid and x.indpred is null and k.attname = s.column)) as indexed
  from rel r cross join lateral (
    select case when r.kind = 'control' then 'id' else ${quoteLiteral(TENANT_COLUMN)} end as column, format_type(r.atttypid, -1) as type,
      (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ',' order by a.attnum) from pg_attribute a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped) as columns,
      coalesce((select jsonb_agg(jsonb_build_object('command', o.polcmd, 'permissive', o.polpermissive, 'using', pg_get_expr(o.polqual, o.polrelid), 'check', pg_get_expr(o.polwithcheck, o.polrelid)) order by o.polname)
        from pg_policy o where o.polrelid = r.oid
          and exists (select 1 from unnest(o.polroles) x (role) where case when x.role = 0 then true else pg_has_role(x.role, 'usage') end)), '[]') as policies) s
  where r.relkind in ('r', 'p') and r.relrowsecurity and r.usable and ((r.attnum is not null and r.kind <> 'control') or (r.kind = 'control' and r.relname = 'tenants'))
  group by r.relname, r.kind <> 'tenant', s.column, s.type, s.columns, s.policies, r.kind = 'control'
  order by 1`

/** Reads a row of {@link shapesSql}. */
export function shapeOf (row: Record<string, unknown>): Shape {
  const { tables, policies } = row
  if (!Array.isArray(tables) || !Array.isArray(policies)) throw new Error('the answer about policies cannot be read')
  return {
    tables: tables.map((table) => ({ name: String(table.name), repair: String(table.repair) })),
    policies: policies.map((policy) => ({ command: String(policy.command), permissive: policy.permissive === true, using: textOf(policy.using), check: textOf(policy.check) })),
    alias: String(row['alias']),
    column: String(row['column']),
    kind: kindOf(row['type']),
    isShared: row['shared'] === true,
    isReadable: row['readable'] === true,
    isIndexed: row['indexed'] === true
  }
}

function textOf (value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function kindOf (type: unknown): ColumnKind {
  if (type === null || type === 'text' || type === 'character varying') return 'text'
  if (type === 'uuid') return 'uuid'
  return type === 'integer' || type === 'bigint' ? 'number' : 'other'
}

/** What a policy decides about, and which of them have to agree. */
export const RIGHTS = ['reads', 'deletes', 'updates', 'inserts', 'moves'] as const

/** One of them; `moves` is what an update makes of a row. */
export type Right = typeof RIGHTS[number]

const COMMANDS: Readonly<Record<Right, string>> = { reads: 'r', deletes: 'd', updates: 'w', inserts: 'a', moves: 'w' }

/** Returns the condition under which the policies of a table let the role do something with a row, as PostgreSQL puts them together. */
export function conditionOf (policies: readonly Policy[], right: Right): string {
  const isWrite = right === 'inserts' || right === 'moves'
  const meant = policies.filter(({ command }) => command === '*' || command === COMMANDS[right])
  const conditions = (permissive: boolean): readonly string[] => meant.filter((policy) => policy.permissive === permissive)
    .map((policy) => `(${(isWrite ? policy.check ?? policy.using : policy.using) ?? 'true'})`)
  const open = conditions(true)
  return open.length === 0 ? 'false' : [`(${open.join(' or ')})`, ...conditions(false)].join(' and ')
}

/** Returns the statement that asks the policies of a table about rows that are made up. */
export function tryRowsSql ({ tables: [table], alias, column, policies }: Shape, rows: ReadonlyArray<string | null>): string {
  const values = rows.map((row) => row === null ? '(null)' : `(${quoteLiteral(row)})`).join(', ')
  return `select zakops_try.zakops_row as owner, ${RIGHTS.map((right) => `coalesce(${conditionOf(policies, right)}, false) as "${right}"`).join(', ')}
    from (values ${values}) zakops_try (zakops_row)
    cross join lateral jsonb_populate_record(null::${table?.name ?? ''}, jsonb_build_object(${quoteLiteral(column)}, zakops_try.zakops_row)) as ${quoteIdentifier(alias)}`
}

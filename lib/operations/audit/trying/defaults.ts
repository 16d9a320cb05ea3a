import { TENANT_COLUMN } from '../../../words/names.ts'
import type { Finding } from '../../../words/types.ts'
import { PLAIN_TENANT_SQL } from '../../policies/index.ts'
import { CHECKED_TENANT_SQL } from '../../roles/index.ts'
import type { TryStatement } from './session.ts'
import { attemptsOf, twoIds } from './values.ts'

/** The defaults of tenant columns, each with the tables that have it; behind the words of the checks. */
export const DEFAULTS_SQL = `
  select pg_get_expr(d.adbin, d.adrelid) as default, jsonb_agg(jsonb_build_object('name', r.name, 'type', format_type(r.atttypid, -1), 'signing', (select signing from place)) order by r.name) as tables
  from rel r join pg_attrdef d on d.adrelid = r.oid and d.adnum = r.attnum
  where r.relkind in ('r', 'p') and (r.kind in ('tenant', 'shared') or r.protected) and not exists (
    select 1 from pg_attribute a where a.attrelid = r.oid and a.attnum = r.attnum and a.attgenerated <> '')
  group by 1 order by 1`

/** Evaluates the defaults of tenant columns with and without a tenant: only the tenant that is set may come out. */
export async function tryDefaults (attempt: TryStatement, rows: readonly Record<string, unknown>[], known: readonly string[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const ids = twoIds('text', known)
  for (const { default: expression, tables } of rows) {
    if (!Array.isArray(tables) || !await isWrong(attempt, String(expression), ids)) continue
    findings.push(...tables.map(({ name, type, signing }): Finding => ({
      check: 'column-default',
      severity: 'warning',
      object: String(name),
      message: 'The default of the tenant column gives rows to nobody or to a fixed tenant while none is set (R-16).',
      repair: `alter table ${String(name)} alter column ${TENANT_COLUMN} set default ${signing === true ? CHECKED_TENANT_SQL : PLAIN_TENANT_SQL}::${String(type)}`
    })))
  }
  return findings
}

async function isWrong (attempt: TryStatement, expression: string, ids: readonly [string, string]): Promise<boolean> {
  for (const { setting, isNobody } of attemptsOf(ids)) {
    if (!isNobody && !ids.includes(setting ?? '')) continue
    // A blank is set by nobody, and refused by the check of the table.
    if (setting === ' ') continue
    const tried = await attempt(setting, `select (${expression})::text as value`)
    if ('refusal' in tried) continue
    const value = tried.rows[0]?.['value']
    if (value !== null && value !== undefined && (isNobody || value !== setting)) return true
  }
  return false
}

import { RoleUnsafeError } from '../../words/errors.ts'
import type { Finding } from '../../words/types.ts'
import type { AuditPlace, Check } from './check.ts'
import { checksOf, wrongRoleChecks } from './checks/index.ts'

/** Sends one statement as the application's role and returns its rows. */
export type AuditQuery = (text: string) => Promise<readonly Record<string, unknown>[]>

/**
 * Returns every way in which the role that `query` runs as can see past the isolation of tenants, each with the SQL
 * that repairs it. Reads catalogs only and changes nothing.
 *
 * Of a superuser, and of the role that owns the schemas, it says that and nothing more.
 */
export async function runAudit (query: AuditQuery, place: AuditPlace = { sharedSchema: 'shared' }): Promise<readonly Finding[]> {
  for (const check of wrongRoleChecks) {
    const found = await runCheck(query, check)
    if (found.length > 0) return found
  }
  const findings: Finding[] = []
  for (const check of checksOf(place)) findings.push(...await runCheck(query, check))
  return findings
}

async function runCheck (query: AuditQuery, check: Check): Promise<readonly Finding[]> {
  const rows = await query(check.sql)
  return rows.map(({ object, repair }) => {
    // An answer of another shape is no answer, and must not read as "nothing found".
    if (typeof object !== 'string' || typeof repair !== 'string') throw new RoleUnsafeError('- the audit got an answer that it cannot read')
    return { check: check.name, severity: check.severity, object, message: check.message, repair }
  })
}

import { RoleUnsafeError } from '../../words/errors.ts'
import type { Finding } from '../../words/types.ts'
import type { Check } from './check.ts'
import { checks, superuserCheck } from './checks/index.ts'

/** Sends one statement as the application's role and returns its rows. */
export type AuditQuery = (text: string) => Promise<readonly Record<string, unknown>[]>

/**
 * Returns every way in which the role that `query` runs as can see past the isolation of tenants, each with the SQL
 * that repairs it. Reads catalogs only and changes nothing.
 *
 * A superuser passes every test of a right, which would bury the finding that matters: for one, that finding is all.
 */
export async function runAudit (query: AuditQuery): Promise<readonly Finding[]> {
  const isSuperuser = await runCheck(query, superuserCheck)
  if (isSuperuser.length > 0) return isSuperuser
  const findings: Finding[] = []
  for (const check of checks) findings.push(...await runCheck(query, check))
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

import { RoleUnsafeError } from '../../words/errors/index.ts'
import { isTenantId, quoteLiteral } from '../../words/names.ts'
import type { Finding, FindingSeverity, TenantId } from '../../words/types.ts'
import { registryPolicyStatements } from '../roles/index.ts'
import type { AuditPlace, Check } from './check.ts'
import { HAS_CITUS_SQL } from '../policies/index.ts'
import { checks, checksNotOnCitus, citusChecks, lockedChecks, signingChecks, wrongRoleChecks } from './checks/index.ts'
import { wordsSql } from './checks/words.ts'
import { NOBODY, type TryStatement, refusalOf, shapeOf, shapesSql, tryPolicies } from './trying/index.ts'

/** Sends one statement as the application's role and returns its rows; with this tenant set, or none where it is left out. */
export type AuditQuery = (text: string, tenantId?: TenantId) => Promise<readonly Record<string, unknown>[]>

/** So many objects of one check are told at a start, where somebody has to read them in a log. */
const MOST_AT_START = 20
const MOST = 1_000

/**
 * Returns every way in which the catalogs say that the role that `query` runs as can see past the isolation of tenants, each
 * with the SQL that repairs it. Changes nothing, and takes three statements, whatever the number of tenants.
 *
 * Of a superuser, and of the role that owns the schemas, it says that and nothing more.
 */
export async function auditCatalog (query: AuditQuery, place: AuditPlace = { sharedSchema: 'shared' }): Promise<readonly Finding[]> {
  return await inOrder(query, place, checks, MOST)
}

/**
 * The same with the checks that are made at every start: what is fatal, and what a log should say. Policies are tried too,
 * without a tenant and with one that nobody is: six statements, whatever the number of tenants.
 */
export async function runAudit (query: AuditQuery, place: AuditPlace = { sharedSchema: 'shared' }): Promise<readonly Finding[]> {
  const findings = await inOrder(query, place, checks.filter(({ isAtStart }) => isAtStart), MOST_AT_START)
  if (findings.some(({ check }) => wrongRoleChecks.some(({ name }) => name === check))) return findings
  const shapes = (await query(`${wordsSql(place)} ${shapesSql(registryPolicyStatements().join('; '))}`)).map(shapeOf)
  const attempt: TryStatement = async (setting, text) =>
    await query(text, isTenantId(setting) ? setting : undefined).then((rows) => ({ rows }), refusalOf)
  const tried = await tryPolicies(attempt, shapes, [], ({ setting }) => setting === '' || setting === NOBODY)
  // Of a policy that fails without a tenant no row comes, and a start does not depend on it.
  return [...findings, ...tried.filter(({ severity }) => severity === 'fatal').slice(0, MOST_AT_START)]
}

async function inOrder (query: AuditQuery, place: AuditPlace, wanted: readonly Check[], most: number): Promise<readonly Finding[]> {
  const wrong = await ask(query, place, wrongRoleChecks, most)
  // One such finding says everything: the role has nearly every right, which would bury it.
  if (wrong.length > 0) return wrong.slice(0, 1)
  const [server] = await query(`select ${HAS_CITUS_SQL} as citus`)
  const here = server?.['citus'] === true ? [...wanted.filter((check) => !checksNotOnCitus.has(check)), ...citusChecks] : wanted
  return await ask(query, place, [...here, ...(place.isSigning === true ? signingChecks : []), ...(place.isLocked === true ? lockedChecks : [])], most)
}

async function ask (query: AuditQuery, place: AuditPlace, wanted: readonly Check[], most: number): Promise<readonly Finding[]> {
  const rows = await query(statementOf(place, wanted, most))
  return rows.map((row) => findingOf(row, wanted))
}

/** All checks in one statement: the catalogs are read once, and a start waits for one round trip. */
export function statementOf (place: AuditPlace, wanted: readonly Check[], most: number): string {
  const parts = wanted.map(({ name, sql }, at) => `
    (select ${at} as at, ${quoteLiteral(name)}::text as name, q.object::text as object, q.repair::text as repair, to_jsonb(q) ->> 'severity' as severity
    from (${sql}) q order by q.object limit ${most})`)
  return `${wordsSql(place)}\n select found.name, found.object, found.repair, found.severity from (${parts.join('\n union all ')}) found order by found.at, found.object`
}

/** An answer of another shape is no answer, and must not read as "nothing found". */
function findingOf (row: Record<string, unknown>, wanted: readonly Check[]): Finding {
  const check = wanted.find(({ name }) => name === row['name'])
  const { object, repair, severity } = row
  if (check === undefined || typeof object !== 'string' || typeof repair !== 'string') throw new RoleUnsafeError('- the audit got an answer that it cannot read')
  return { check: check.name, severity: isSeverity(severity) ? severity : check.severity, object, message: check.message, repair }
}

function isSeverity (value: unknown): value is FindingSeverity {
  return value === 'fatal' || value === 'warning'
}

import type { Finding } from '../../../words/types.ts'
import type { TryStatement } from './session.ts'
import type { Shape } from './shapes.ts'
import { twoIds } from './values.ts'

/**
 * Asks the server how it would find the rows of a tenant. Where an index begins with the tenant column and the server cannot
 * use it even when it should, the policy casts the column or wraps it in a function.
 */
export async function tryIndexes (attempt: TryStatement, shapes: readonly Shape[], known: readonly string[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { tables, alias, kind, isIndexed, isReadable, policies } of shapes) {
    const [table] = tables
    if (table === undefined || !isIndexed || !isReadable || policies.length === 0) continue
    const [id] = twoIds(kind, known)
    const tried = await attempt(id, `explain (format json, costs off) select * from ${table.name}`)
    if ('refusal' in tried) continue
    // Without a filter it is the role that no policy holds. What Citus shows is how a worker would do it, which takes no word for what it should do.
    const plan = JSON.stringify(tried.rows)
    if (plan.includes('Citus Adaptive')) continue
    if (!isReadWhole(plan, alias) || !plan.includes('"Filter"')) continue
    findings.push(...tables.map(({ name, repair }): Finding => ({
      check: 'policy-defeats-index',
      severity: 'warning',
      object: name,
      message: 'The policy casts the tenant column or wraps it in a function, so that no index is of use: every statement reads the rows of all tenants.',
      repair
    })))
  }
  return findings
}

/** Whether a plan reads a whole table: itself, or the partitions of one that has no rows itself. A child beside it may have no index. */
function isReadWhole (plan: string, table: string): boolean {
  const scans = [...plan.matchAll(/"Node Type": ?"(\w+(?: \w+)*)"[^{}]*?"Relation Name": ?"([^"]*)"/g)]
  const own = scans.filter(([,, name]) => name === table)
  return (own.length > 0 ? own : scans).some(([, node]) => node === 'Seq Scan')
}

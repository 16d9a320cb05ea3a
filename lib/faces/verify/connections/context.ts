import type { TenantSql } from '../../../data/client/index.ts'
import { runOutsideContext } from '../../../settings/context/index.ts'
import { ContextMissingError } from '../../../words/errors/index.ts'
import { type Verdict, finding } from '../proof.ts'

const CALLS: Readonly<Record<string, (sql: TenantSql) => PromiseLike<unknown>>> = {
  'sql`…`': (sql) => sql`select 1`,
  'sql.unsafe': (sql) => sql.unsafe('select 1'),
  'sql.begin': (sql) => sql.begin(async (tx) => await tx`select 1`),
  'sql.reserve': async (sql) => { (await sql.reserve()).release() }
}

/** Looks whether statements without a tenant are refused. */
export async function checkContext (sql: TenantSql): Promise<Verdict> {
  const findings = []
  for (const [call, send] of Object.entries(CALLS)) {
    const isRefused = await runOutsideContext(async () => await send(sql)).then(() => false, (error: unknown) => {
      if (!(error instanceof ContextMissingError)) throw error
      return true
    })
    if (!isRefused) findings.push(finding('context', call, 'It runs without a tenant.', '-- set ENFORCE_TENANT_ISOLATION=true'))
  }
  return findings.length > 0 ? { findings } : { ok: `without a tenant ${Object.keys(CALLS).join(', ')} are refused` }
}

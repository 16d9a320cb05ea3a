import { inTransaction, withShortClient } from '../../../data/owner/index.ts'
import { runAudit } from '../../../operations/audit/index.ts'
import type { TenancyConfig } from '../../../settings/config/index.ts'
import { TENANT_SETTING, quoteLiteral } from '../../../words/names.ts'
import type { Tenant, TenantId } from '../../../words/types.ts'
import { type TenantRegistry, openTenancy } from '../../tenancy/index.ts'
import { type Explain, type Protocol, finding } from '../proof.ts'
import { checkContext } from './context.ts'
import { checkNames, checkOutside } from './names.ts'
import { checkFirstUse, checkReuse } from './reuse.ts'
import { checkRows } from './rows.ts'
import { checkSettings } from './settings.ts'
import { Subject } from './subject.ts'

/** Who is tried, and how it is told. */
export interface ConnectionsRequest {
  readonly config: TenancyConfig
  /** Returns the tenants that are tried. */
  readonly tenants: (registry: TenantRegistry) => Promise<readonly Tenant[]>
  readonly explain: Explain
}

/** Warnings of the audit that are about what is promised here; the rest is the audit's own. */
const PROMISED = new Set(['table-policy-missing', 'setting-search-path-held'])

const QUIET = { info () {}, warn () {}, error () {} }

/**
 * Tries the first promise: connections are scoped. Through the lanes that serve requests, with the settings of the service; what
 * it writes is rolled back.
 */
export async function proveConnections (protocol: Protocol, { config, tenants, explain }: ConnectionsRequest): Promise<void> {
  // What is signed, this connection cannot sign: there the rows themselves are tried below.
  const asApplication = async (text: string, tenantId?: TenantId): Promise<readonly Record<string, unknown>[]> =>
    await withShortClient(config.database, { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy verify' }, async (sql) => await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
      if (tenantId !== undefined && config.signing === undefined) await tx.unsafe(`set local ${TENANT_SETTING} to ${quoteLiteral(tenantId)}`)
      return await tx.unsafe(text)
    }))
  await protocol.prove('connections', 'role', async () => {
    const findings = (await runAudit(asApplication, { sharedSchema: config.sharedSchema, extensionsSchema: config.extensionsSchema, isSigning: config.signing !== undefined, isLocked: config.locked })).filter(({ check, severity }) => severity === 'fatal' || PROMISED.has(check))
    return findings.length > 0 ? { findings } : { ok: 'the application\'s role can see past nothing' }
  })
  await protocol.prove('connections', 'first use', async () => await checkFirstUse(asApplication))
  const opened = await openTenancy({ ...config, log: QUIET }, { claimsInstance: false }).catch((error: unknown) => explain(error))
  if (typeof opened === 'string') return await protocol.prove('connections', 'start', async () => ({ findings: [finding('start', 'plugin', `It does not start: ${opened}`, '-- repair the cause and run it again')] }))
  try {
    await protocol.prove('connections', 'without a tenant', async () => config.enforce
      ? await checkContext(opened.tenancy.sql)
      : { findings: [finding('enforcement', 'ENFORCE_TENANT_ISOLATION', 'It is false, so what would be refused is only logged.', '-- set ENFORCE_TENANT_ISOLATION=true')] })
    const subjects = (await tenants(opened.tenancy.registry)).map((tenant) => new Subject(tenant, opened.tenancy.sql, config.extensionsSchema))
    if (subjects.length === 0) protocol.proofs.push({ promise: 'connections', check: 'tenants', state: 'skipped', detail: 'there is no active tenant to try' })
    for (const [at, subject] of subjects.entries()) await proveSubject(protocol, config, subject, subjects[(at + 1) % subjects.length])
    for (const [place, subject] of new Map(subjects.map((subject) => [placeOf(subject), subject]))) {
      await protocol.prove('connections', `tables outside, on ${place}`, async () => await checkOutside(subject, [config.sharedSchema, config.extensionsSchema]))
    }
  } finally {
    await opened.tenancy.close()
  }
}

/** Each tenant is tried against the next one, and against one that nobody has. */
async function proveSubject (protocol: Protocol, config: TenancyConfig, subject: Subject, next: Subject | undefined): Promise<void> {
  const stranger = subject.stranger()
  const others = next === undefined || next === subject ? [stranger] : [next, stranger]
  const prove = async (check: string, look: Parameters<Protocol['prove']>[2]): Promise<void> => { await protocol.prove('connections', `${check} of ${subject.tenant.id}`, look) }
  await prove('settings', async () => await checkSettings(subject))
  await prove('names', async () => await checkNames(subject, config.extensionsSchema))
  await prove('rows', async () => await checkRows(subject, others.filter((other) => placeOf(other) === placeOf(subject))))
  await prove('reuse', async () => await checkReuse([subject, ...others]))
}

function placeOf ({ tenant: { server, database } }: Subject): string {
  return database === null ? server : `${server}/${database}`
}

import { inTransaction, withShortClient } from '../../data/owner/index.ts'
import { TENANT_ROW_SQL, parseTenant } from '../../data/registry/index.ts'
import { Signer } from '../../data/signing/index.ts'
import type { SigningConfig, TenancyConfig } from '../../settings/config/index.ts'
import { CONTROL_SCHEMA, TENANT_SETTING, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { Tenant, TenantId } from '../../words/types.ts'

/** Returns what the registry has of a tenant, as the application's role sees it: also where its ids have to be signed. */
export async function readRegistered (config: TenancyConfig, tenantId: TenantId): Promise<Tenant | undefined> {
  const options = { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy' }
  return await withShortClient(config.database, options, async (sql) => await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    const [place] = config.signing === undefined ? [] : await tx.unsafe(`select deployment::text as deployment from ${quoteIdentifier(CONTROL_SCHEMA)}.place`)
    // What is signed stands in no text, which other sessions can look at (G-06); and where settings are locked, a text alone can set one.
    if (config.signing === undefined) await tx.unsafe(`set local ${TENANT_SETTING} to ${quoteLiteral(tenantId)}`)
    else await tx`select pg_catalog.set_config(${TENANT_SETTING}, ${signed(config.signing, tenantId, String(place?.['deployment']))}, true)`
    const [row] = await tx.unsafe(TENANT_ROW_SQL, [tenantId])
    return row === undefined ? undefined : parseTenant(row, config)
  }))
}

function signed (signing: SigningConfig, tenantId: TenantId, deployment: string): string {
  const signer = new Signer(signing)
  signer.bind(deployment)
  return signer.sign(tenantId).value
}

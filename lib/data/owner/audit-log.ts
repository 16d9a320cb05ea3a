import type { TransactionSql } from 'postgres'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'

/** What operators did, in order: only ever added to. */
export const AUDIT_TABLE = `${quoteIdentifier(CONTROL_SCHEMA)}.audit_log`

/** The proof of each deletion: only ever added to. */
export const DELETIONS_TABLE = `${quoteIdentifier(CONTROL_SCHEMA)}.deletions`

/** The channel on which the registry says that it changed. */
export const REGISTRY_CHANNEL = 'zakops_tenancy_registry'

/** Something that is done to a tenant, or across tenants. */
export interface AuditEntry {
  /** Such as `suspend` or `delete.finished`. */
  readonly action: string
  readonly tenantId?: string
  /** Who asked for it, as the caller says; the role that is logged in is noted anyway. */
  readonly actor?: string | undefined
  readonly details?: Readonly<Record<string, unknown>>
}

/** Notes what is done in the transaction that does it: neither is there without the other. */
export async function noteAction (tx: TransactionSql, { action, tenantId, actor, details = {} }: AuditEntry): Promise<void> {
  await tx.unsafe(`insert into ${AUDIT_TABLE} (action, tenant, actor, details) values ($1, $2, $3, $4::text::jsonb)`,
    [action, tenantId ?? null, actor ?? null, JSON.stringify(details)])
}

import { createHash } from 'node:crypto'
import type { TransactionSql } from 'postgres'
import { DELETIONS_TABLE } from '../../data/owner/index.ts'
import type { Tenant } from '../../words/types.ts'
import type { RowCounts } from './count-rows.ts'

/** What is left of a deleted tenant, for whoever has to show that it is gone. */
export interface DeletionProof {
  readonly tenantId: string
  /** The record as JSON text: who, when, which strategy, and how many rows each table had. */
  readonly record: string
  /** The SHA-256 of `record`, in hexadecimal digits. */
  readonly digest: string
}

/** Writes the proof of a deletion, in the transaction that ends it. */
export async function writeProof (tx: TransactionSql, tenant: Tenant, actor: string | undefined, tables: RowCounts): Promise<DeletionProof> {
  const [now] = await tx`select session_user::text as role, pg_catalog.clock_timestamp()::text as at`
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0)
  const record = JSON.stringify({
    tenant: tenant.id,
    isolation: tenant.isolation,
    server: tenant.server,
    createdAt: tenant.createdAt.toISOString(),
    deletedAt: String(now?.['at']),
    role: String(now?.['role']),
    actor: actor ?? null,
    tables,
    rows
  })
  const digest = createHash('sha256').update(record).digest('hex')
  await tx.unsafe(`insert into ${DELETIONS_TABLE} (tenant, record, digest) values ($1, $2, $3)`, [tenant.id, record, digest])
  return { tenantId: tenant.id, record, digest }
}

/** Returns the proof of a deletion that is done. */
export async function readProof (tx: TransactionSql, { id }: Tenant): Promise<DeletionProof> {
  const [row] = await tx.unsafe(`select record, digest from ${DELETIONS_TABLE} where tenant = $1`, [id])
  if (row === undefined) throw new Error('the registry says that the tenant was deleted, and there is no proof of it')
  return { tenantId: id, record: String(row['record']), digest: String(row['digest']) }
}

import type { TransactionSql } from 'postgres'

/**
 * Takes the lock of this name until the transaction ends, waiting as long as its `lock_timeout` says.
 *
 * Advisory locks belong to the whole database (G-04), so the name is prefixed with the package's.
 */
export async function takeLock (tx: TransactionSql, name: string): Promise<void> {
  await tx`select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${'zakops_tenancy.' + name}, 0))`
}

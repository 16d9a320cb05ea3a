import postgres from 'postgres'
import type { TransactionSql } from 'postgres'
import { MigrationLockedError } from '../../words/errors/index.ts'
import { takeLock } from '../../data/owner/index.ts'

const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Takes the lock of a tenant id or of a schema until the transaction ends.
 *
 * @throws {MigrationLockedError} FST_TENANCY_MIGRATION_LOCKED — somebody else has it for too long.
 */
export async function lockFor (tx: TransactionSql, kind: 'tenant' | 'schema', name: string): Promise<void> {
  try {
    await takeLock(tx, `${kind}.${name}`)
  } catch (cause) {
    if (cause instanceof postgres.PostgresError && cause.code === LOCK_NOT_AVAILABLE) throw new MigrationLockedError({ cause })
    throw cause
  }
}

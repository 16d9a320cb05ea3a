import type { TransactionSql } from 'postgres'
import { AuditFailedError, DatabaseUnreachableError, OperatorMissingError } from '../../words/errors/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { type AuditEntry, inTransaction, noteAction, withOperator } from '../../data/owner/index.ts'

/** What is done across tenants, for the audit log. */
export interface OperateRequest extends AuditEntry {
  /** Whether rows may be changed. */
  readonly mayWrite: boolean
  /** Whether a client is wanted at all: a transaction that nobody uses is not kept open. */
  readonly needsClient: boolean
}

/**
 * Writes into the audit log what is about to be done, commits that, and only then calls `fn`, with a transaction of the
 * operator's role where one is wanted: read-only, unless it may write. The connection ends with it.
 *
 * The SQL sent: insert into zakops_tenancy.audit_log …; begin read only; …; commit
 *
 * @throws {OperatorMissingError} FST_TENANCY_OPERATOR_MISSING — there is no `operatorDatabase`; nothing was run.
 * @throws {AuditFailedError} FST_TENANCY_OPERATOR_AUDIT_FAILED — nothing was run; `cause` says why.
 */
export async function operate<T> (config: TenancyConfig, request: OperateRequest, fn: (sql: TransactionSql | undefined) => Promise<T>): Promise<T> {
  if (!request.needsClient) {
    await withOperator(config, async (sql) => note(request, (work) => inTransaction(sql, { lock: config.timeouts.acquire }, work)))
    return fn(undefined)
  }
  return withOperator(config, async (sql) => {
    await note(request, (work) => inTransaction(sql, { lock: config.timeouts.acquire }, work))
    const boxed = await sql.begin(request.mayWrite ? 'read write' : 'read only', async (tx) => {
      // The first query decides: from here on the transaction cannot be made to write.
      await tx.unsafe(`set local statement_timeout = ${config.timeouts.statement}`)
      await tx`select 1`
      return { value: await fn(tx) }
    })
    return boxed.value
  })
}

async function note (entry: AuditEntry, run: (work: (tx: TransactionSql) => Promise<void>) => Promise<void>): Promise<void> {
  await run((tx) => noteAction(tx, entry)).catch((cause: unknown) => {
    throw cause instanceof DatabaseUnreachableError || cause instanceof OperatorMissingError ? cause : new AuditFailedError({ cause })
  })
}

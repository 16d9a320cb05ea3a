import type { TransactionSql } from 'postgres'
import { quoteIdentifier } from '../../words/names.ts'
import type { IsolationStrategy } from '../../data/isolation/index.ts'
import { clearLedger } from '../migrations/index.ts'

/** A schema that a tenant needs. */
export interface SchemaRequest {
  readonly schema: string
  readonly strategy: IsolationStrategy
  /** Whether the registry says that the schema is this tenant's already. */
  readonly isKnown: boolean
}

/**
 * Creates the schema if there is none, and refuses one that somebody else made: its tables could show this tenant rows
 * that are not its own (T-05).
 */
export async function ensureSchema (tx: TransactionSql, { schema, strategy, isKnown }: SchemaRequest): Promise<void> {
  const [found] = await tx`
    select n.nspowner = (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user) as owned,
      exists (select 1 from pg_catalog.pg_class c where c.relnamespace = n.oid)
        or exists (select 1 from pg_catalog.pg_proc p where p.pronamespace = n.oid) as filled
    from pg_catalog.pg_namespace n where n.nspname = ${schema}`
  if (found === undefined) {
    await tx.unsafe(`create schema ${quoteIdentifier(schema)}`)
    await clearLedger(tx, schema)
    return
  }
  if (found['owned'] !== true) throw new Error('the schema exists and belongs to another role: give it to the owner, or choose another id')
  if (strategy.hasOwnSchema && !isKnown && found['filled'] === true) {
    throw new Error('the schema exists, holds something and is not in the registry: rename it, or choose another id')
  }
}

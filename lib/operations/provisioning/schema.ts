import type { Sql, TransactionSql } from 'postgres'
import { quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { IsolationStrategy } from '../../data/isolation/index.ts'
import { distributingSchemas } from '../../data/owner/index.ts'
import { clearLedger } from '../migrations/index.ts'

/** A schema that a tenant needs. */
export interface SchemaRequest {
  readonly schema: string
  readonly strategy: IsolationStrategy
  readonly tenantId: TenantId
  /** Whose deployment the registry is of. */
  readonly deployment: string
  /** Whether the registry says that the schema is this tenant's already. */
  readonly isKnown: boolean
}

/** Whether the schema `n` holds a relation, routine or type: by what depends on it, since only for that there is an index. */
const IS_FILLED_SQL = `exists (
  select from pg_catalog.pg_depend d where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = n.oid
    and d.classid in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_type'::regclass))`

/**
 * Creates the schema if there is none, and refuses one that somebody else made: its tables could show this tenant rows
 * that are not its own (T-05).
 */
export async function ensureSchema (tx: TransactionSql, { schema, strategy, tenantId, deployment, isKnown }: SchemaRequest): Promise<void> {
  // The registry of another server cannot say it: a provisioning that was interrupted there finds its own work again.
  const mark = markOf(tenantId, deployment)
  const [found] = await tx`
    select pg_catalog.obj_description(n.oid, 'pg_namespace') as mark,
      n.nspowner = (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user) as owned,
      ${tx.unsafe(IS_FILLED_SQL)} as filled
    from pg_catalog.pg_namespace n where n.nspname = ${schema}`
  if (found === undefined) {
    const create = (): Promise<unknown> => tx.unsafe(`create schema ${quoteIdentifier(schema)}`)
    await (isDistributed(strategy) ? distributingSchemas(tx, create) : create())
    await clearLedger(tx, schema)
  } else {
    if (found['owned'] !== true) throw new Error('the schema exists and belongs to another role: give it to the owner, or choose another id')
    if (!strategy.hasOwnSchema || found['mark'] === mark) return
    if (!isKnown && found['filled'] === true) {
      throw new Error('the schema exists, holds something and is not in the registry: rename it, or choose another id')
    }
  }
  if (strategy.hasOwnSchema) await markSchema(tx, schema, { tenantId, deployment })
}

/** On Citus, a schema of one tenant beside those of others. A database of a tenant's own is not distributed. */
function isDistributed ({ hasOwnSchema, name }: IsolationStrategy): boolean {
  return hasOwnSchema && name !== 'database'
}

/** Writes down whose the schema is. */
export async function markSchema (tx: TransactionSql, schema: string, { tenantId, deployment }: Pick<SchemaRequest, 'tenantId' | 'deployment'>): Promise<void> {
  await tx.unsafe(`comment on schema ${quoteIdentifier(schema)} is ${quoteLiteral(markOf(tenantId, deployment))}`)
}

/** Whose a schema is, by the mark that it was given when it was made; nobody's where it is not there, or holds nothing. */
export type SchemaOwner = 'nobody' | 'tenant' | 'another'

/** Tells whether a schema was made for this tenant of this deployment: what was not is nothing that may be dropped. */
export async function whoseSchema (sql: Sql | TransactionSql, { id, schema }: Pick<Tenant, 'id' | 'schema'>, deployment: string): Promise<SchemaOwner> {
  const [found] = await sql`
    select pg_catalog.obj_description(n.oid, 'pg_namespace') as mark, ${sql.unsafe(IS_FILLED_SQL)} as filled
    from pg_catalog.pg_namespace n where n.nspname = ${schema}`
  if (found?.['mark'] === markOf(id, deployment)) return 'tenant'
  return found?.['filled'] === true ? 'another' : 'nobody'
}

function markOf (tenantId: TenantId, deployment: string): string {
  return `zakops-tenancy: tenant ${tenantId} of ${deployment}`
}

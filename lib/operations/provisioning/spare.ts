import { createHash } from 'node:crypto'
import type { TransactionSql } from 'postgres'
import { CONTROL_SCHEMA, TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { readOperator, sendAll } from '../../data/owner/index.ts'
import type { IsolationStrategy } from '../../data/isolation/index.ts'
import { type Migrations, renameLedger } from '../migrations/index.ts'
import { OWN_ROWS_CHECK, policyStatements, readTenantSql } from '../policies/index.ts'
import { roleAt } from '../roles/index.ts'
import { readDeployment } from './deployment.ts'
import { markSchema } from './schema.ts'

/** Schemas that are ready and nobody's yet. */
export const SPARES_TABLE = `${quoteIdentifier(CONTROL_SCHEMA)}.spares`

/** Who a schema is to belong to. */
export interface Claim {
  readonly id: TenantId
  readonly schema: string
  readonly strategy: IsolationStrategy
  /** What a schema has to be made from, to be used as it is. */
  readonly fingerprint: string
}

/** Returns what a schema is made from: other migrations, another release or other roles make another one. */
export async function fingerprintOf (tx: TransactionSql, config: TenancyConfig, migrations: Migrations | undefined): Promise<string> {
  const parts = [
    ...[...(migrations?.shared ?? []), ...(migrations?.tenant ?? [])].map(({ name, checksum }) => `${name} ${checksum}`), ...policyStatements('t', 'text', await readTenantSql(tx)),
    roleAt(config, HOME), await readOperator(tx) ?? ''
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/**
 * Gives a spare schema to a tenant, by another name and in the caller's transaction. False where there is none that was made
 * from the same, or the tenant's schema is there already: then it is made as ever.
 *
 * The SQL sent: delete from zakops_tenancy.spares … for update skip locked …; alter schema … rename to "tenant_acme";
 * alter table … drop constraint tenancy_tenant, add constraint tenancy_tenant check (tenant_id = 'acme')
 */
export async function claimSpare (tx: TransactionSql, { id, schema, strategy, fingerprint }: Claim): Promise<boolean> {
  const [taken] = await tx`select 1 from pg_catalog.pg_namespace where nspname = ${schema}`
  if (taken !== undefined) return false
  const [spare] = await tx.unsafe(`
    delete from ${SPARES_TABLE} where schema = (select s.schema from ${SPARES_TABLE} s
      join pg_catalog.pg_namespace n on n.nspname = s.schema
      where s.strategy = $1 and s.fingerprint = $2 order by s.created_at limit 1 for update of s skip locked) returning schema`, [strategy.name, fingerprint])
  if (spare === undefined) return false
  const old = String(spare['schema'])
  await tx.unsafe(`alter schema ${quoteIdentifier(old)} rename to ${quoteIdentifier(schema)}`)
  await renameLedger(tx, old, schema)
  await markSchema(tx, schema, { tenantId: id, deployment: await readDeployment(tx) })
  await claimChecks(tx, schema, id)
  return true
}

/** The checks say that the tables hold rows of the spare alone, and it has none. */
async function claimChecks (tx: TransactionSql, schema: string, id: TenantId): Promise<void> {
  const tables = await tx`
    select c.relname as name from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and k.conname = ${OWN_ROWS_CHECK} and k.contype = 'c' and k.coninhcount = 0`
  const statements = tables.map((row) => `alter table ${quoteIdentifier(schema)}.${quoteIdentifier(String(row['name']))}
    drop constraint ${OWN_ROWS_CHECK}, add constraint ${OWN_ROWS_CHECK} check (${quoteIdentifier(TENANT_COLUMN)} = ${quoteLiteral(id)})`)
  await sendAll(tx, statements)
}

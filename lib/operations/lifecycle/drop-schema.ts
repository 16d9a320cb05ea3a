import type { Sql, TransactionSql } from 'postgres'
import { quoteIdentifier } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import { inTransaction, sendAll } from '../../data/owner/index.ts'
import { clearLedger, lockFor } from '../migrations/index.ts'
import { whoseSchema } from '../provisioning/index.ts'
import { inBatches } from './batches.ts'
import type { DeletionProgress } from './progress.ts'

/** What dropping one schema needs. */
export interface SchemaDrop {
  readonly sql: Sql
  readonly tenant: Tenant
  /** The deployment that the registry is of. */
  readonly deployment: string
  /** The longest wait for one lock. */
  readonly lockTimeout: number
  readonly report: (progress: Pick<DeletionProgress, 'step' | 'done' | 'total'>) => void
}

/** Statements that drop one object each, in an order in which the server lets them go. */
type Statements = readonly string[]

/**
 * Drops a schema of one tenant with all that is in it, a batch for each transaction: one `drop schema … cascade` would
 * need a lock for every table, index and sequence at the same time. What is gone already is passed by.
 *
 * Foreign keys go first, so that a batch of tables does not lock those that they refer to; then views, partitions before
 * their parents, tables with their indexes and sequences, and what is left. Nothing outside of the schema is dropped: what depends on it from there stops the work,
 * and so does a schema that was not made for this tenant.
 */
export async function dropSchema (drop: SchemaDrop): Promise<void> {
  const { sql, tenant, lockTimeout } = drop
  await assertOwn(drop)
  await assertNothingOutside(sql, tenant.schema)
  await inSteps(drop, 'foreign keys', await foreignKeys(sql, tenant.schema))
  await inSteps(drop, 'objects', [...await relations(sql, tenant.schema), ...await routinesAndTypes(sql, tenant.schema)])
  await inTransaction(sql, { lock: lockTimeout }, async (tx) => {
    await lockFor(tx, 'schema', tenant.schema)
    await tx.unsafe(`drop schema if exists ${quoteIdentifier(tenant.schema)} cascade`)
    await clearLedger(tx, tenant.schema)
  })
}

/** Where a provisioning was refused because of somebody else's schema, the registry names that one all the same (T-05). */
async function assertOwn ({ sql, tenant, deployment }: SchemaDrop): Promise<void> {
  if (await whoseSchema(sql, tenant, deployment) !== 'another') return
  throw new Error('the schema is not marked as this tenant\'s: look whose it is, and rename or drop it by hand')
}

/** CASCADE would take it with it. */
async function assertNothingOutside (sql: Sql, schema: string): Promise<void> {
  const rows = await sql`
    with here as (select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = ${schema})
    select 1 from pg_catalog.pg_constraint k
    where k.contype = 'f' and k.confrelid in (select oid from here) and k.conrelid not in (select oid from here)
    union all
    select 1 from pg_catalog.pg_depend d
    join pg_catalog.pg_rewrite r on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
    where d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid in (select oid from here) and r.ev_class not in (select oid from here)
    limit 1`
  if (rows.length > 0) throw new Error('views or foreign keys of another schema use tables of this tenant: drop them first, so that nobody misses them without a word')
}

async function inSteps ({ sql, tenant, lockTimeout, report }: SchemaDrop, step: 'foreign keys' | 'objects', statements: Statements): Promise<void> {
  let done = 0
  await inBatches(statements, async (batch) => {
    await inTransaction(sql, { lock: lockTimeout }, async (tx: TransactionSql) => {
      await lockFor(tx, 'schema', tenant.schema)
      await sendAll(tx, batch)
    })
    done += batch.length
    report({ step, done, total: statements.length })
  })
}

/** Those of partitions go with their parents'. */
async function foreignKeys (sql: Sql, schema: string): Promise<Statements> {
  const rows = await sql`
    select pg_catalog.format('alter table if exists %I.%I drop constraint if exists %I', ${schema}::text, c.relname, k.conname) as statement
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and k.contype = 'f' and k.conparentid = 0
    order by k.oid`
  return rows.map((row) => String(row['statement']))
}

/** CASCADE is for what the schema itself has: views on its tables, defaults on its sequences, columns of its types. */
async function relations (sql: Sql, schema: string): Promise<Statements> {
  const rows = await sql`
    select pg_catalog.format('drop %s if exists %I.%I cascade', case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
      when 'S' then 'sequence' when 'f' then 'foreign table' when 'c' then 'type' else 'table' end, ${schema}::text, c.relname) as statement
    from pg_catalog.pg_class c
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema})
      and c.relkind in ('v', 'm', 'r', 'p', 'f', 'S', 'c')
      and not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
        and (d.deptype = 'e' or (c.relkind = 'S' and d.deptype in ('a', 'i'))))
    order by case c.relkind when 'v' then 1 when 'm' then 2 when 'S' then 6 when 'c' then 7 else 3 end, not c.relispartition, c.oid desc`
  return rows.map((row) => String(row['statement']))
}

async function routinesAndTypes (sql: Sql, schema: string): Promise<Statements> {
  const rows = await sql`
    with here as (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema})
    select pg_catalog.format('drop %s if exists %I.%I(%s) cascade', case p.prokind when 'a' then 'aggregate' when 'p' then 'procedure' else 'function' end,
      ${schema}::text, p.proname, case when p.prokind = 'a' and p.pronargs = 0 then '*' else pg_catalog.pg_get_function_identity_arguments(p.oid) end) as statement
    from pg_catalog.pg_proc p where p.pronamespace = (select oid from here)
      and not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype in ('e', 'i'))
    union all
    select pg_catalog.format('drop type if exists %I.%I cascade', ${schema}::text, t.typname)
    from pg_catalog.pg_type t where t.typnamespace = (select oid from here) and t.typtype in ('d', 'e', 'r')`
  return rows.map((row) => String(row['statement']))
}

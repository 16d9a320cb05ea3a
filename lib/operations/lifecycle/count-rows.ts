import type { Sql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier } from '../../words/names.ts'
import { inTransaction } from '../../data/owner/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { inBatches } from './batches.ts'
import { asTenant } from './delete-rows.ts'
import type { SchemaDrop } from './drop-schema.ts'

/** How many rows of the tenant each table and partition holds, by its name. */
export type RowCounts = Readonly<Record<string, number>>

/** Counts the tenant's rows: all of a schema that is its own, and of shared tables those with its id. */
export async function countRows ({ sql, tenant, lockTimeout, report }: SchemaDrop): Promise<RowCounts> {
  const { hasOwnSchema } = strategyOf(tenant.isolation)
  const names = await tablesOf(sql, tenant.schema, !hasOwnSchema)
  const counts: Record<string, number> = {}
  // Beside the policies, which do not hold the owner where FORCE was taken off.
  const conditionOf = (number: number): string => hasOwnSchema ? '' : `where ${quoteIdentifier(TENANT_COLUMN)} = $${number}`
  let done = 0
  await inBatches(names, async (batch) => {
    await inTransaction(sql, { lock: lockTimeout }, async (tx) => {
      await asTenant(tx, tenant.id)
      const parts = batch.map((name, index) => `(select count(*) from only ${quoteIdentifier(tenant.schema)}.${quoteIdentifier(name)} ${conditionOf(index + 1)})`)
      const [row] = await tx.unsafe(`select pg_catalog.to_jsonb(array[${parts.join(', ')}]) as counts`, hasOwnSchema ? [] : batch.map(() => tenant.id))
      const found: unknown = row?.['counts']
      if (!Array.isArray(found)) throw new Error('the server counted nothing')
      batch.forEach((name, index) => { counts[name] = Number(found[index]) })
    })
    done += batch.length
    report({ step: 'count', done, total: names.length })
  })
  return counts
}

async function tablesOf (sql: Sql, schema: string, isShared: boolean): Promise<readonly string[]> {
  const rows = await sql`
    select c.relname as name from pg_catalog.pg_class c
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and c.relkind = 'r'
      and (not ${isShared} or exists (select 1 from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attname = ${TENANT_COLUMN} and a.attnum > 0 and not a.attisdropped))
    order by c.relname collate "C"`
  return rows.map((row) => String(row['name']))
}

import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { TransactionSql } from 'postgres'
import { quoteIdentifier } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { sendAll } from '../../data/owner/index.ts'

/** What tells how far a sequence is. */
export const positionSchema = Type.Object({ name: Type.String(), step: Type.String(), last: Type.Union([Type.String(), Type.Null()]) })

/** How far a sequence is; `last` is null before its first number. */
export type SequencePosition = Static<typeof positionSchema>

/** Returns how far the sequences of a schema are. */
export async function readSequences (tx: TransactionSql, schema: string): Promise<readonly SequencePosition[]> {
  const rows = await tx`
    select c.relname as name, s.seqincrement::text as step, pg_catalog.pg_sequence_last_value(c.oid)::text as last
    from pg_catalog.pg_class c join pg_catalog.pg_sequence s on s.seqrelid = c.oid
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema})
    order by c.relname collate "C"`
  return rows.map((row) => {
    const position: unknown = { ...row }
    if (!Value.Check(positionSchema, position)) throw new Error('the catalog described a sequence in a way that is not known')
    return position
  })
}

/**
 * Ends the numbers of a place that a tenant leaves, and returns how far its sequences are. From here until the transaction ends
 * nextval() waits, and if it commits, `appRole` draws there no more: a number that was drawn behind this look would be given out again
 * where the tenant goes. Drawing passes no trigger, and whoever waits is asked for the right only afterwards.
 *
 * Sequences that other tenants draw from are left as they are: those go on.
 */
export async function endSequences (tx: TransactionSql, tenant: Tenant, appRole: string): Promise<readonly SequencePosition[]> {
  if (strategyOf(tenant.isolation).hasOwnSchema) {
    const names = (await readNames(tx, tenant.schema)).map((name) => sequenceIn(tenant.schema, name))
    await sendAll(tx, [...names.map(lockStatement), `revoke all on all sequences in schema ${quoteIdentifier(tenant.schema)} from ${quoteIdentifier(appRole)}`])
  }
  return await readSequences(tx, tenant.schema)
}

/**
 * Brings the sequences of the target to where those of the source are, by their names. One that other tenants use too
 * goes forward only, and is locked so long as it is looked at: a number that they drew meanwhile would be given out twice.
 */
export async function setSequences (tx: TransactionSql, tenant: Tenant, positions: readonly SequencePosition[]): Promise<void> {
  const isOwn = strategyOf(tenant.isolation).hasOwnSchema
  const there = new Map((await readSequences(tx, tenant.schema)).map((position) => [position.name, position]))
  for (const { name, last } of positions) {
    const target = there.get(name)
    if (target === undefined || last === null) continue
    const sequence = sequenceIn(tenant.schema, name)
    if (!isOwn) await tx.unsafe(lockStatement(sequence))
    const best = target.step.startsWith('-') ? 'least' : 'greatest'
    const position = isOwn ? '$2::bigint' : `${best}($2::bigint, pg_catalog.pg_sequence_last_value($1::regclass))`
    await tx.unsafe(`select pg_catalog.setval($1::regclass, ${position}, true)`, [sequence, last])
  }
}

/** Changes nothing, and takes the lock that nextval() waits for. */
function lockStatement (sequence: string): string {
  return `alter sequence ${sequence} owner to current_user`
}

function sequenceIn (schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/** Without their positions, because a look at those waits where somebody else holds the lock. */
async function readNames (tx: TransactionSql, schema: string): Promise<readonly string[]> {
  const rows = await tx`
    select c.relname as name from pg_catalog.pg_class c
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and c.relkind = 'S'
    order by c.relname collate "C"`
  return rows.map((row) => String(row['name']))
}

import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Sql, TransactionSql } from 'postgres'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { planSchema } from './plan.ts'
import { sourceSchema } from './source.ts'

const ADOPTIONS = `${quoteIdentifier(CONTROL_SCHEMA)}.adoptions`

/**
 * How far an adoption is. Those that end in "ing" were begun and not finished: the same step, run again, goes on.
 * `undoing` can only go on with being undone.
 */
export const ADOPTION_STAGES = ['stamping', 'stamped', 'shadowed', 'enforcing', 'enforced', 'undoing', 'finishing', 'finished'] as const

export type AdoptionStage = typeof ADOPTION_STAGES[number]

const stateSchema = Type.Object({
  source: Type.String(),
  stage: Type.Union(ADOPTION_STAGES.map((stage) => Type.Literal(stage))),
  plan: planSchema,
  original: sourceSchema
})

/** An adoption, as its row in the control schema has it. */
export type AdoptionState = Static<typeof stateSchema>

/** Returns the adoption of a schema, or undefined where none has begun. */
export async function findState (sql: Sql | TransactionSql, source: string): Promise<AdoptionState | undefined> {
  const [row] = await sql.unsafe(`select source, stage, plan, original from ${ADOPTIONS} where source = $1`, [source])
  if (row === undefined) return undefined
  const state: unknown = { ...row }
  if (!Value.Check(stateSchema, state)) throw new Error('the table of adoptions holds a row that is not known')
  return state
}

/** Tells whether an adoption makes this tenant. */
export async function isAdopted (tx: TransactionSql, tenant: string): Promise<boolean> {
  const rows = await tx.unsafe(`select from ${ADOPTIONS} where lower(plan ->> 'tenant') = lower($1)`, [tenant])
  return rows.length > 0
}

export async function listSources (sql: Sql): Promise<readonly string[]> {
  const rows = await sql.unsafe(`select source from ${ADOPTIONS} order by source collate "C"`)
  return rows.map((row) => String(row['source']))
}

/** Writes down an adoption that begins: what an undo restores is there before anything is changed. */
export async function beginState (tx: TransactionSql, { source, stage, plan, original }: AdoptionState): Promise<void> {
  await tx.unsafe(`insert into ${ADOPTIONS} (source, stage, plan, original) values ($1, $2, $3::text::jsonb, $4::text::jsonb)`,
    [source, stage, JSON.stringify(plan), JSON.stringify(original)])
}

export async function noteStage (tx: TransactionSql, source: string, stage: AdoptionStage): Promise<void> {
  await tx.unsafe(`update ${ADOPTIONS} set stage = $2, changed_at = pg_catalog.clock_timestamp() where source = $1`, [source, stage])
}

export async function forgetState (tx: TransactionSql, source: string): Promise<void> {
  await tx.unsafe(`delete from ${ADOPTIONS} where source = $1`, [source])
}

import type { TransactionSql } from 'postgres'
import type { SigningConfig } from '../../settings/config/index.ts'
import { SigningChangeError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { SIGNING_STAGES, type SigningStage } from '../../words/types.ts'
import { deriveKey, padsOf } from '../signing/index.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/** A key as a database keeps it, in hex; one without pads is retired. */
export interface SigningKey {
  readonly id: string
  readonly inner: string | null
  readonly outer: string | null
  readonly addedAt: string
  readonly retiredAt: string | null
}

/** What a database knows of signing. */
export interface SigningState {
  readonly stage: SigningStage
  readonly keys: readonly SigningKey[]
}

/** Returns how far this database is with signing. */
export async function readStage (tx: TransactionSql): Promise<SigningStage> {
  const [row] = await tx.unsafe(`select stage from ${control}.signing`)
  const stage = SIGNING_STAGES.find((name) => name === row?.['stage'])
  // Never a weaker one because an answer cannot be read.
  if (stage === undefined) throw new TypeError('the stage of signing cannot be read')
  return stage
}

// The same text in every session: databases are compared by it.
const utcSql = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Returns what this database knows of signing, with its keys. */
export async function readSigning (tx: TransactionSql): Promise<SigningState> {
  const stage = await readStage(tx)
  const rows = await tx.unsafe(`
    select kid, encode(ipad, 'hex') as inner, encode(opad, 'hex') as outer, ${utcSql('added_at')} as added, ${utcSql('retired_at')} as retired
    from ${control}.signing_keys order by kid collate "C"`)
  const textOf = (value: unknown): string | null => typeof value === 'string' ? value : null
  return {
    stage,
    keys: rows.map((row) => ({ id: String(row['kid']), inner: textOf(row['inner']), outer: textOf(row['outer']), addedAt: String(row['added']), retiredAt: textOf(row['retired']) }))
  }
}

/** Makes a database of the deployment know what the one with the registry knows, and nothing else. */
export async function writeSigning (tx: TransactionSql, state: SigningState): Promise<void> {
  if (JSON.stringify(await readSigning(tx)) === JSON.stringify(state)) return
  await tx.unsafe(`delete from ${control}.signing_keys`)
  for (const { id, inner, outer, addedAt, retiredAt } of state.keys) {
    await tx.unsafe(`insert into ${control}.signing_keys (kid, ipad, opad, added_at, retired_at)
      values ($1, decode($2, 'hex'), decode($3, 'hex'), $4::text::timestamptz, $5::text::timestamptz)`, [id, inner, outer, addedAt, retiredAt])
  }
  await setStage(tx, state.stage)
}

export async function setStage (tx: TransactionSql, stage: SigningStage): Promise<void> {
  await tx.unsafe(`update ${control}.signing set stage = $1 where stage <> $1`, [stage])
}

/**
 * Adds the keys of the options that the database does not have, and makes policies check them from now on. While there is no
 * tenant nobody can be in the way, so nothing unsigned is taken at once.
 *
 * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — the id of a key is in use.
 */
export async function addKeys (tx: TransactionSql, { keys }: SigningConfig): Promise<readonly string[]> {
  const [place] = await tx.unsafe(`select p.deployment::text as deployment, exists (select from ${control}.tenants) as "hasTenants" from ${control}.place p`)
  const known = new Map((await readSigning(tx)).keys.map((key) => [key.id, key]))
  const added: string[] = []
  for (const [id, secret] of keys) {
    const pads = padsOf(deriveKey(secret, String(place?.['deployment'])))
    const there = known.get(id)
    if (there !== undefined && there.inner !== pads.inner.toString('hex')) {
      throw new SigningChangeError(there.inner === null ? `the key "${id}" was retired, and its id is not used again: give the new key another one.` : `the database has another secret under the id "${id}": give the new key another id.`)
    }
    if (there !== undefined) continue
    await tx.unsafe(`insert into ${control}.signing_keys (kid, ipad, opad) values ($1, decode($2, 'hex'), decode($3, 'hex'))`, [id, pads.inner.toString('hex'), pads.outer.toString('hex')])
    added.push(id)
  }
  if (await readStage(tx) === 'off') await setStage(tx, place?.['hasTenants'] === true ? 'optional' : 'required')
  return added
}

/**
 * Takes a key away; its id stays, so that nobody uses it again.
 *
 * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — it is not there, or no other one would be left.
 */
export async function retireKey (tx: TransactionSql, id: string): Promise<void> {
  const { keys, stage } = await readSigning(tx)
  const key = keys.find((candidate) => candidate.id === id)
  if (key === undefined) throw new SigningChangeError('the database has no key of this id: see "zakops-tenancy signing status".')
  if (stage !== 'off' && !keys.some((candidate) => candidate.id !== id && candidate.inner !== null)) throw new SigningChangeError('it is the only key that is left: add another one, and let processes sign with it, first.')
  await tx.unsafe(`update ${control}.signing_keys set ipad = null, opad = null, retired_at = coalesce(retired_at, now()) where kid = $1`, [id])
}

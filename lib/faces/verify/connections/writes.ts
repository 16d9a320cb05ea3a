import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../../words/names.ts'
import type { OwnTable } from './rows.ts'
import type { Subject } from './subject.ts'

const COLUMN = quoteIdentifier(TENANT_COLUMN)

/** What says no: a missing right or a policy, the check of own rows, and keys that lead nowhere. */
const REFUSALS = new Set(['42501', '23514', '23503', '23505'])

/** Tells whether a subject can change a row of somebody else's; never more than one, and it is rolled back. */
export async function changesForeignRow (subject: Subject, { quoted, mine, isMarked }: OwnTable): Promise<boolean> {
  // Without the tenant column no column is known; a lock needs the right to write too.
  if (!isMarked) return await changes(subject, `select 1 from ${quoted} where ${mine} limit 1 for update skip locked`)
  return await changes(subject, `update ${quoted} set ${COLUMN} = ${COLUMN} where ${oneRow(quoted, mine)}`)
}

/** Tells whether a tenant can make one of its rows another tenant's. Rolled back. */
export async function givesRowAway (owner: Subject, { quoted, mine }: OwnTable, other: string): Promise<boolean> {
  return await changes(owner, `update ${quoted} set ${COLUMN} = ${quoteLiteral(other)} where ${oneRow(quoted, mine)}`)
}

function oneRow (quoted: string, mine: string): string {
  return `${mine} and (tableoid, ctid) in (select tableoid, ctid from ${quoted} where ${mine} limit 1 for update skip locked)`
}

/** Tells whether a statement reaches a row, in a transaction that is rolled back whatever comes of it. */
async function changes (subject: Subject, text: string): Promise<boolean> {
  let reached = 0
  try {
    await subject.run(async (sql) => await sql.begin(async (tx) => {
      reached = (await tx.unsafe(text)).count
      throw new RolledBack()
    }))
  } catch (error) {
    if (!(error instanceof RolledBack) && !REFUSALS.has(String(error instanceof Error ? Reflect.get(error, 'code') : ''))) throw error
  }
  return reached > 0
}

/** Thrown to end a transaction without a trace. */
class RolledBack extends Error {}

import type { Sql } from 'postgres'
import type { Ledger, Write } from './ledger.ts'
import { TENANTS } from './world/tenants.ts'

interface FoundRow {
  readonly place: string
  readonly tenant_id: string
  readonly id: string
  readonly part: number
  readonly body: string
}

/** Compares what a superuser finds in the database with what the ledger says has to be there. */
export async function judge (admin: Sql, ledger: Ledger): Promise<void> {
  const found = new Map<string, number>()
  for (const schema of new Set(TENANTS.map((tenant) => tenant.schema))) {
    const rows = await admin<FoundRow[]>`select ${schema} as place, tenant_id, id, part, body from ${admin(schema)}.writes`
    for (const row of rows) {
      judgeRow(row, ledger)
      found.set(row.id, (found.get(row.id) ?? 0) + 1)
    }
    ledger.count('rows', 'found', rows.length)
  }
  for (const write of ledger.writes.values()) judgeWrite(write, found.get(write.id) ?? 0, ledger)
}

function judgeRow ({ place, tenant_id: tenantId, id, body }: FoundRow, ledger: Ledger): void {
  const write = ledger.writes.get(id)
  const owner = TENANTS.find((tenant) => tenant.id === write?.tenant)
  if (owner === undefined) return ledger.broken('a row was written by somebody', `${id} in ${place}`)
  if (owner.schema !== place || owner.id !== tenantId || owner.id !== body) ledger.broken('a row is where its tenant\'s rows are', `${id} of ${owner.id} in ${place} of ${tenantId}`)
}

function judgeWrite ({ id, kind, rows, claim }: Write, found: number, ledger: Ledger): void {
  ledger.count('writes', claim ?? 'never settled')
  const example = `${id}: ${kind}: ${found} of ${rows} rows`
  if (claim === 'without effect') {
    if (found > 0) ledger.broken('what failed or was rolled back is not there', example)
  } else if (found > 0 && found < rows) {
    ledger.broken('a transaction is whole or not there', example)
  } else if (claim === 'acknowledged' && found === 0 && rows > 0) {
    ledger.broken('what was acknowledged is there', example)
  } else if (found > rows) {
    ledger.broken('nothing is written twice', example)
  }
}

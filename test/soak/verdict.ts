import type { Ledger, Write } from './ledger.ts'
import type { Superuser } from './world/superuser.ts'
import { TENANTS } from './world/tenants.ts'

/** Compares what a superuser finds in the database with what the ledger says has to be there. */
export async function judge (admin: Superuser, ledger: Ledger): Promise<void> {
  const found = new Map<string, number>()
  for (const schema of new Set(TENANTS.map((tenant) => tenant.schema))) {
    const rows = await admin.query(`select tenant_id, id, body from "${schema}".writes`)
    for (const { tenant_id: tenantId, id, body } of rows) {
      judgeRow(String(id), [schema, tenantId, body], ledger)
      found.set(String(id), (found.get(String(id)) ?? 0) + 1)
    }
    ledger.count('rows', 'found', rows.length)
  }
  for (const write of ledger.writes.values()) judgeWrite(write, found.get(write.id) ?? 0, ledger)
}

function judgeRow (id: string, found: readonly unknown[], ledger: Ledger): void {
  const write = ledger.writes.get(id)
  const owner = TENANTS.find((tenant) => tenant.id === write?.tenant)
  if (owner === undefined) return ledger.broken('a row was written by somebody', `${id}: ${found.join()}`)
  if (found.join() !== [owner.schema, owner.id, owner.id].join()) ledger.broken('a row is where its tenant\'s rows are', `${id} of ${owner.id}: ${found.join()}`)
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

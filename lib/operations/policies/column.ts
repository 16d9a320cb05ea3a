import type { TransactionSql } from 'postgres'
import { PolicyColumnError } from '../../words/errors/index.ts'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'
import { PLAIN_TENANT_SQL } from './statement.ts'
import { type ColumnState, type TableState, readTables } from './tables.ts'

const column = quoteIdentifier(TENANT_COLUMN)

/** A table whose tenant column is there. */
export type TenantTable = TableState & { readonly column: ColumnState }

/**
 * Gives the tables of a schema of the tenant's own the tenant column they lack. The rows they hold already are the
 * tenant's: the default is evaluated once, with the tenant settings of this transaction.
 *
 * Partitions and children get the column from their parents.
 */
export async function addMissingColumns (tx: TransactionSql, tables: readonly TableState[], tenantSql: string): Promise<void> {
  for (const table of tables) {
    if (table.column !== null || table.isChild) continue
    await tx.unsafe(`alter table ${table.quoted} add column ${column} text not null default ${tenantSql}`)
  }
}

/**
 * Makes the tenant column of every table one that a policy can compare: NOT NULL, and filled in by a default.
 *
 * @throws {PolicyColumnError} FST_TENANCY_POLICY_COLUMN_MISSING — a table has no such column, or rows without a
 * tenant, or the column's type or collation takes two tenant ids for one.
 */
export async function completeColumns (tx: TransactionSql, schema: string, tenantIds: readonly TenantId[], tenantSql: string): Promise<readonly TenantTable[]> {
  const complete: TenantTable[] = []
  for (const table of await readTables(tx, schema)) {
    if (table.column === null || !table.column.isExact) throw new PolicyColumnError(table.name)
    const withColumn = { ...table, column: table.column }
    try {
      await completeColumn(tx, withColumn, tenantSql)
    } catch (cause) {
      throw new PolicyColumnError(table.name, { cause })
    }
    complete.push(withColumn)
  }
  await assertIdsFit(tx, complete, tenantIds)
  return complete
}

/**
 * Fills in tenant columns where no policy needs them: one that must not be empty gets the default that it lacks, so that the same
 * migration works under every strategy, and one that reads the setting asks what it means where that is signed.
 */
export async function mendDefaults (tx: TransactionSql, tables: readonly TableState[], tenantSql: string): Promise<void> {
  for (const { quoted, column: state } of tables) {
    if (state === null || !((state.isNotNull && !state.hasDefault) || isOutdated(state, tenantSql))) continue
    await tx.unsafe(`alter table ${quoted} alter column ${column} set default ${tenantSql}::${state.type}`)
  }
}

/** What is signed is not the tenant id as it stands in the setting. */
function isOutdated ({ readsSetting }: ColumnState, tenantSql: string): boolean {
  return readsSetting && tenantSql !== PLAIN_TENANT_SQL
}

async function completeColumn (tx: TransactionSql, { quoted, column: state }: TenantTable, tenantSql: string): Promise<void> {
  const { isNotNull, hasDefault, type } = state
  if (!hasDefault || isOutdated(state, tenantSql)) await tx.unsafe(`alter table ${quoted} alter column ${column} set default ${tenantSql}::${type}`)
  if (!isNotNull) await tx.unsafe(`alter table ${quoted} alter column ${column} set not null`)
}

/** Refuses a type in which "7" and "007" are the same tenant, or which a tenant's id cannot be cast to. */
async function assertIdsFit (tx: TransactionSql, tables: readonly TenantTable[], tenantIds: readonly TenantId[]): Promise<void> {
  const tableOfType = new Map(tables.map((table) => [table.column.type, table.name]))
  for (const [type, name] of tableOfType) {
    try {
      for (const id of tenantIds) {
        const [row] = await tx.unsafe(`select ${quoteLiteral(id)}::${type}::text = ${quoteLiteral(id)} as fits`)
        if (row?.['fits'] !== true) throw new Error(`the type ${type} changes the tenant id`)
      }
    } catch (cause) {
      throw new PolicyColumnError(name, { cause })
    }
  }
}

import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { AdoptedTable, AdoptionJob } from './job.ts'
import type { SourceForeignKey, SourceKey } from './source.ts'

const tenant = quoteIdentifier(TENANT_COLUMN)

/** A unique key of a tenant's table, before and after. */
export interface KeyChange {
  readonly table: AdoptedTable
  readonly key: SourceKey
  /** The name of the index that begins with the tenant column, and of one as it was, until they take the key's own name. */
  readonly newName: string
  readonly oldName: string
}

/** A foreign key between tenants' tables, before and after. */
export interface ForeignKeyChange {
  readonly table: AdoptedTable
  readonly parent: AdoptedTable
  readonly key: SourceForeignKey
  readonly newName: string
  readonly oldName: string
}

/** The keys that have to begin with the tenant column: those of shared tables. In a schema of its own a tenant's keys are its own already. */
export function keyChanges ({ strategy, tables }: AdoptionJob): readonly KeyChange[] {
  if (strategy.hasOwnSchema) return []
  return tables.filter(({ isTenants }) => isTenants).flatMap((table) => table.original.keys.map((key) => ({ table, key })))
    .map(({ table, key }, number) => ({ table, key, newName: `zakops_new_key_${number}`, oldName: `zakops_old_key_${number}` }))
}

export function foreignKeyChanges ({ strategy, tables }: AdoptionJob): readonly ForeignKeyChange[] {
  if (strategy.hasOwnSchema) return []
  const byName = new Map(tables.map((table) => [table.original.name, table]))
  return tables.filter(({ isTenants }) => isTenants).flatMap((table) => table.original.foreignKeys.flatMap((key) => {
    const parent = byName.get(key.table)
    return parent?.isTenants === true ? [{ table, key, parent }] : []
  })).map((change, number) => ({ ...change, newName: `zakops_new_foreign_${number}`, oldName: `zakops_old_foreign_${number}` }))
}

/** Returns the statement that builds an index while the table is used. */
export function buildKey ({ table, key }: KeyChange, name: string, isNew: boolean): string {
  const method = isNew ? key.method.replace('(', `(${tenant}, `) : key.method
  return `create unique index concurrently ${quoteIdentifier(name)} on ${table.to} ${method}`
}

/** Returns the statements that put an index that was built in the place of a key, under its name. */
export function swapKey ({ table, key }: KeyChange, built: string): readonly string[] {
  const [name, index] = [quoteIdentifier(key.name), `${quoteIdentifier(table.target)}.${quoteIdentifier(key.name)}`]
  const kind = key.constraint === 'p' ? 'primary key' : 'unique'
  return [
    ...(key.constraint === null
      ? [`drop index ${index}`, `alter index ${quoteIdentifier(table.target)}.${quoteIdentifier(built)} rename to ${name}`]
      : [`alter table ${table.to} drop constraint ${name}`, `alter table ${table.to} add constraint ${name} ${kind} using index ${quoteIdentifier(built)}${key.deferral}`]),
    ...(key.comment === null ? [] : [`comment on constraint ${name} on ${table.to} is ${quoteLiteral(key.comment)}`]),
    ...(key.indexComment === null ? [] : [`comment on index ${index} is ${quoteLiteral(key.indexComment)}`]),
    ...(key.isClustered ? [`alter table ${table.to} cluster on ${name}`] : []),
    ...(key.isIdentity ? [`alter table ${table.to} replica identity using index ${name}`] : [])
  ]
}

const ACTIONS: Readonly<Record<string, string>> = { a: '', r: 'restrict', c: 'cascade', n: 'set null', d: 'set default' }

/** Returns the statement that adds a foreign key without looking at the rows that are there. */
export function addForeignKey ({ table, parent, key }: ForeignKeyChange, name: string, isNew: boolean): string {
  const references = `references ${parent.to} (${(isNew ? [TENANT_COLUMN, ...key.references] : key.references).map(quoteIdentifier).join(', ')})`
  const columns = (isNew ? [TENANT_COLUMN, ...key.columns] : key.columns).map(quoteIdentifier).join(', ')
  return `alter table ${table.to} add constraint ${quoteIdentifier(name)} foreign key (${columns}) ${references}${actionsOf(key, isNew)} not valid`
}

function actionsOf ({ columns, onDelete, onUpdate, match, deferral, definition }: SourceForeignKey, isNew: boolean): string {
  // Of a row whose parent goes, the columns that it had before are set, and never the tenant's.
  const listed = /SET (?:NULL|DEFAULT) (\([^)]*\))/.exec(definition)?.[1]
  const only = onDelete === 'n' || onDelete === 'd' ? listed ?? (isNew ? `(${columns.map(quoteIdentifier).join(', ')})` : '') : ''
  // MATCH FULL of one column is MATCH SIMPLE; of two, of which one is never null, it would refuse a child without a parent.
  const full = match === 'f' && !isNew ? ' match full' : ''
  const part = (event: string, action: string, rest = ''): string => ACTIONS[action] === '' ? '' : ` on ${event} ${ACTIONS[action] ?? ''} ${rest}`.trimEnd()
  return `${full}${part('update', onUpdate)}${part('delete', onDelete, only)}${deferral}`
}

/** Gives a foreign key the name, and the comment, of the one that it has replaced. */
export async function replaceForeignKey (tx: TransactionSql, { table, key }: ForeignKeyChange, built: string): Promise<void> {
  const name = quoteIdentifier(key.name)
  await tx.unsafe([
    `alter table ${table.to} drop constraint if exists ${name}`,
    `alter table ${table.to} rename constraint ${quoteIdentifier(built)} to ${name}`,
    ...(key.comment === null ? [] : [`comment on constraint ${name} on ${table.to} is ${quoteLiteral(key.comment)}`])
  ].join(';\n'))
}

import type { Sql, TransactionSql } from 'postgres'
import { CONTROL_SCHEMA, TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { withShortLocks } from '../../data/owner/index.ts'
import { moveLockSql } from '../roles/index.ts'
import type { TableCopy } from '../transfer/index.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/** What of a source is watched. */
export interface Capture {
  readonly source: Tenant
  /** The number of the move. */
  readonly number: string
  /** How long locks of tables may be tried for, in milliseconds. */
  readonly patience: number
}

/**
 * Makes every write of the tenant pass the gate, and note the keys of the rows that it changed.
 *
 * Making a trigger waits for the transactions that have written to the table: so when this returns, whatever is not noted
 * is committed, and a snapshot that is taken now has it. Each table is locked by itself and for a moment.
 *
 * The SQL sent: create sequence zakops_tenancy.move_<n>; create trigger … on … (three or five to a table)
 */
export async function installCapture (sql: Sql, capture: Capture, copies: readonly TableCopy[]): Promise<void> {
  const { source, number, patience } = capture
  await sql.unsafe(`create sequence if not exists ${fenceOf(number)}`)
  for (const table of await readRelations(sql, source.schema)) {
    const notes = copies.filter(({ from, hasKey }) => hasKey && from.table === table).flatMap((copy) => noteTriggers(capture, copy))
    await withShortLocks(sql, { tables: [table], keepsOut: 'writers', patience }, (tx) => tx.unsafe([gateTrigger(capture, table), ...notes].join(';\n')))
  }
}

/** Removes what {@link installCapture} made, as far as it is there. */
export async function removeCapture (sql: Sql, { source, number, patience }: Capture): Promise<void> {
  const tables = await sql`
    select c.relname as table, pg_catalog.json_agg(t.tgname) as triggers
    from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${source.schema})
      and t.tgparentid = 0 and t.tgname like ${`zakops\\_move\\_${number}\\_%`}
    group by c.relname`
  for (const { table, triggers } of tables) {
    const from = `${quoteIdentifier(source.schema)}.${quoteIdentifier(String(table))}`
    const names: readonly unknown[] = Array.isArray(triggers) ? triggers : []
    const drops = names.map((name) => `drop trigger if exists ${quoteIdentifier(String(name))} on ${from}`)
    await withShortLocks(sql, { tables: [from], keepsOut: 'everybody', patience }, (tx) => tx.unsafe(drops.join(';\n')))
  }
  await sql.unsafe(`drop sequence if exists ${fenceOf(number)}`)
  await sql.unsafe(`delete from ${control}.move_changes where move = $1::bigint`, [number])
}

/** How many changes are noted; counting ends where it is known to be many. */
export async function countChanges (sql: Sql, number: string, limit: number): Promise<number> {
  const [row] = await sql.unsafe(`select count(*)::int as changes from (select from ${control}.move_changes where move = $1::bigint limit $2) c`, [number, limit])
  return Number(row?.['changes'])
}

/** Forgets the changes that the snapshot of this transaction sees, and no others. */
export async function forgetChanges (tx: TransactionSql, number: string): Promise<void> {
  await tx.unsafe(`delete from ${control}.move_changes where move = $1::bigint`, [number])
}

/** Closes the fence to every write that passes the gate from now on, or opens it again. A sequence is changed at once and for good. */
export async function setFence (sql: Sql, number: string, state: 'open' | 'closed'): Promise<void> {
  const [found] = await sql`select pg_catalog.to_regclass(${fenceOf(number)}) is not null as exists`
  if (found?.['exists'] !== true) {
    if (state === 'open') return
    throw new Error('the fence of the move is missing')
  }
  await sql.unsafe(`select pg_catalog.setval('${fenceOf(number)}', ${state === 'closed' ? 2 : 1})`)
}

/** Returns the transactions that have passed the gate, or have drawn from a sequence of the tenant's own, and are not over. */
export async function openWriters (sql: Sql, { source, number }: Pick<Capture, 'source' | 'number'>): Promise<readonly string[]> {
  const rows = await sql.unsafe(`
    select l.virtualtransaction as writer from pg_catalog.pg_locks l, (select ${moveLockSql(quoteLiteral(number))} as key) gate
    where l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()) and l.granted and (
      (l.locktype = 'advisory' and l.objsubid = 1 and l.mode = 'ShareLock'
        and l.classid = ((gate.key >> 32) & 4294967295)::oid and l.objid = (gate.key & 4294967295)::oid)
      or ($1 and l.mode = 'RowExclusiveLock' and l.relation in (select c.oid from pg_catalog.pg_class c
        where c.relkind = 'S' and c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $2))))`, [strategyOf(source.isolation).hasOwnSchema, source.schema])
  return rows.map(({ writer }) => String(writer))
}

function fenceOf (number: string): string {
  return `${control}.move_${number}`
}

/** Partitions too: a statement that names one does not pass the triggers for statements of its root. */
async function readRelations (sql: Sql, schema: string): Promise<readonly string[]> {
  const rows = await sql`
    select c.relname as name from pg_catalog.pg_class c
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and c.relkind in ('r', 'p')`
  return rows.map(({ name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(String(name))}`)
}

function gateTrigger ({ source, number }: Capture, table: string): string {
  const tenant = strategyOf(source.isolation).hasOwnSchema ? '' : source.id
  return `create or replace trigger zakops_move_${number}_gate before insert or update or delete on ${table}
    for each statement execute function ${control}.move_gate(${number}, ${quoteLiteral(tenant)})`
}

/** In a table that others use too, rows of others are not even looked at. */
function noteTriggers ({ source, number }: Capture, { name, from, key }: TableCopy): readonly string[] {
  const given = [number, name, ...key.map((column) => column.name)].map(quoteLiteral).join(', ')
  const trigger = (suffix: string, events: string, when: string): string => `
    create or replace trigger zakops_move_${number}_${suffix} after ${events} on ${from.table}
    for each row ${when} execute function ${control}.move_note(${given})`
  if (strategyOf(source.isolation).hasOwnSchema || from.tenant === undefined) return [trigger('note', 'insert or update or delete', '')]
  const is = (row: string): string => `${row}.${quoteIdentifier(TENANT_COLUMN)} = ${from.tenant}`
  return [
    trigger('note_insert', 'insert', `when (${is('new')})`),
    trigger('note_update', 'update', `when (${is('old')} or ${is('new')})`),
    trigger('note_delete', 'delete', `when (${is('old')})`)
  ]
}

import type { FastifyInstance } from 'fastify'
import type { Sql } from 'postgres'
import { Multiplexer } from '../../../data/lanes/index.ts'
import { ISOLATION_POLICY } from '../../../operations/policies/index.ts'
import { quoteIdentifier } from '../../../words/names.ts'
import { withServer } from '../administrator.ts'
import type { TenantDatabase } from '../tenant-database.ts'
import { quotedTable } from './catalog.ts'
import { hearInstances } from './routes.ts'

// How each layer is taken away. Nothing in the layers themselves knows of it: no option, no switch that a service could have.

export async function dropPolicies (copy: TenantDatabase, schemas: readonly string[]): Promise<void> {
  await onTables(copy, schemas, (table) => `drop policy if exists ${ISOLATION_POLICY} on ${table}`)
}

export async function liftForceOf (copy: TenantDatabase, schemas: readonly string[]): Promise<void> {
  await onTables(copy, schemas, (table) => `alter table ${table} no force row level security`)
}

/** What leads to one tenant's tables leads to the other's; a schema that both share leads to tables like its own, without policies. */
export async function swapPaths (copy: TenantDatabase, schemas: readonly string[]): Promise<void> {
  const [a = '', b = ''] = schemas
  await withServer(copy.adminUrl, async (sql) => {
    if (a === b) return await unprotectedCopy(sql, a, [copy.options.database, copy.options.ownerDatabase].map((url) => quoteIdentifier(new URL(url).username)).join(', '))
    const rename = (from: string, to: string): string => `alter schema ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}`
    await sql.unsafe([rename(a, 'kit_swap'), rename(b, a), rename('kit_swap', b)].join(';\n'))
  })
}

async function unprotectedCopy (sql: Sql, schema: string, roles: string): Promise<void> {
  const names = await tablesIn(sql, [schema])
  await sql.unsafe([
    `alter schema ${quoteIdentifier(schema)} rename to kit_kept`,
    `create schema ${quoteIdentifier(schema)}`,
    `grant usage on schema ${quoteIdentifier(schema)}, kit_kept to ${roles}`,
    ...names.map(({ name }) => `create table ${quotedTable(schema, name)} (like ${quotedTable('kit_kept', name)} including defaults including identity including generated)`),
    ...names.map(({ name }) => `insert into ${quotedTable(schema, name)} overriding system value select * from ${quotedTable('kit_kept', name)}`),
    `grant select, insert, update, delete on all tables in schema ${quoteIdentifier(schema)} to ${roles}`
  ].join(';\n'))
}

async function onTables (copy: TenantDatabase, schemas: readonly string[], statement: (table: string) => string): Promise<void> {
  await withServer(copy.adminUrl, async (sql) => {
    const tables = await tablesIn(sql, schemas)
    await sql.unsafe(tables.map(({ schema, name }) => statement(quotedTable(schema, name))).join(';\n'))
  })
}

async function tablesIn (sql: Sql, schemas: readonly string[]): Promise<readonly { readonly schema: string, readonly name: string }[]> {
  const rows = await sql`
    select n.nspname as schema, c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname in (select json_array_elements_text(${JSON.stringify(schemas)}::text::json)) and c.relkind in ('r', 'p') order by c.oid`
  return rows.map((row) => ({ schema: String(row['schema']), name: String(row['name']) }))
}

/** Registers the plugin without the hook that runs the rest of a request with its tenant, until the returned function is called. */
export function omitHook (): () => void {
  return hearInstances((fastify: FastifyInstance) => {
    const addHook = fastify.addHook
    Reflect.set(fastify, 'addHook', function (this: FastifyInstance, ...args: unknown[]): FastifyInstance {
      const [, hook] = args
      return typeof hook === 'function' && hook.name === 'runWithTenantHook' ? this : Reflect.apply(addHook, this, args)
    })
  })
}

/** Hands a connection on that is in doubt, as if nothing were, until the returned function is called. */
export function handOnDoubted (): () => void {
  const { release } = Multiplexer.prototype
  Multiplexer.prototype.release = function (connection) {
    Object.defineProperty(connection, 'isIdle', { value: true, configurable: true })
    Object.defineProperty(connection, 'isSealed', { value: false, configurable: true, writable: true })
    try {
      Reflect.apply(release, this, [connection, false])
    } finally {
      Reflect.deleteProperty(connection, 'isIdle')
    }
  }
  return () => { Multiplexer.prototype.release = release }
}

import postgres, { type Sql } from 'postgres'
import { type TenancyConfig, type TenancyOptions, resolveConfig } from '../../lib/settings/config/index.ts'
import { type TestDatabase, type TestDatabaseRequest, testDatabase } from './database.ts'

/** What these tests need of tap. */
interface TestScope {
  teardown (fn: () => unknown): void
  testdir (files: Readonly<Record<string, string>>): string
}

/** A prepared database, with what operations and their checks need. */
export interface OperationsScene extends TestDatabase {
  readonly appRole: string
  readonly ownerRole: string
  /** Returns the settings of a process on this database; `files` are its migrations. */
  configOf (files?: Readonly<Record<string, string>>, options?: TenancyOptions): TenancyConfig
  /** Sends one statement as the application's role, on a connection and in a transaction of its own. */
  asApp (tenantId: string, schema: string, text: string): Promise<readonly Record<string, unknown>[]>
  /** The same as the role that owns the tables. */
  asOwner (tenantId: string, schema: string, text: string): Promise<readonly Record<string, unknown>[]>
}

/** Makes a database of its own for one test. */
export async function operationsScene (t: TestScope, request?: TestDatabaseRequest): Promise<OperationsScene> {
  const database = await testDatabase(t, request)
  const options = { max: 1, prepare: false, onnotice: () => {} }
  const app = postgres(database.appUrl, options)
  const owner = postgres(database.ownerUrl, options)
  t.teardown(() => Promise.all([app.end({ timeout: 5 }), owner.end({ timeout: 5 })]))
  return {
    ...database,
    appRole: new URL(database.appUrl).username,
    ownerRole: new URL(database.ownerUrl).username,
    configOf: (files, options = {}) => resolveConfig({
      mode: 'multi',
      database: database.appUrl,
      ownerDatabase: database.ownerUrl,
      ...(files === undefined ? {} : { migrations: t.testdir(files) }),
      ...options
    }, {}),
    asApp: (tenantId, schema, text) => sendAs(app, tenantId, schema, text),
    asOwner: (tenantId, schema, text) => sendAs(owner, tenantId, schema, text)
  }
}

async function sendAs (client: Sql, tenantId: string, schema: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const result = await client.begin(async (tx) => {
    await tx`select set_config('app.tenant_id', ${tenantId}, true), set_config('search_path', ${`"${schema}", pg_temp`}, true)`
    return { rows: await tx.unsafe(text) }
  })
  return result.rows.map((row) => ({ ...row }))
}

/** The deals table of ZakOps, as a single-tenant service writes it. */
export const DEALS = 'create table deals (id integer primary key, title text not null);'

/** The same with a tenant column, for tables that tenants share. */
export const SHARED_DEALS = 'create table deals (id integer not null, tenant_id text not null, title text not null, primary key (tenant_id, id));'

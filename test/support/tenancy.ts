import { setTimeout as sleep } from 'node:timers/promises'
import postgres, { type Sql } from 'postgres'
import { type Tenancy, type TenancyOptions, type TenantSql, createTenancy } from '../../lib/index.ts'
import { type TestDatabase, testDatabase } from './database.ts'

interface TestScope {
  teardown (fn: () => unknown): void
  testdir (files: Record<string, string>): string
}

/** A running tenancy with the tenants `acme` and `globex`, and what the test needs to look behind it. */
export interface TestTenancy extends TestDatabase {
  readonly tenancy: Tenancy
  readonly sql: TenantSql
  /** Calls `fn` as this tenant. */
  as<T> (tenantId: string, fn: () => T | PromiseLike<T>): Promise<T>
  /** What the database itself holds, whatever the client says: who owns each document. */
  documents (): Promise<readonly { readonly place: string, readonly tenant_id: string, readonly id: number, readonly body: string }[]>
  /** Returns once `count` backends of the application's role are there. */
  killBackends (): Promise<void>
}

const MIGRATION = `
create table docs (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id int not null,
  body text not null,
  primary key (tenant_id, id)
);
`

/** Both tenants have a document with the id 1, so that a wrong answer shows. */
const SEED = { acme: 'secret of acme', globex: 'secret of globex' }

/** Makes a database, provisions both tenants and seeds them; everything goes when `t` ends. */
export async function testTenancy (t: TestScope, options: TenancyOptions = {}): Promise<TestTenancy> {
  const database = await testDatabase(t, { locked: options.locked === true, ...(options.signing === undefined ? {} : { signing: options.signing }) })
  const migrations = t.testdir({ '001-docs.sql': MIGRATION })
  const tenancy = await createTenancy({
    mode: 'multi',
    database: database.appUrl,
    ownerDatabase: database.ownerUrl,
    migrations,
    log: { info () {}, warn () {}, error () {} },
    ...options
  })
  t.teardown(() => tenancy.close())
  for (const [id, body] of Object.entries(SEED)) {
    await tenancy.provision({ id })
    await tenancy.runWithTenant(id, () => tenancy.sql`insert into docs (id, body) values (1, ${body})`)
  }
  return {
    ...database,
    tenancy,
    sql: tenancy.sql,
    as: (tenantId, fn) => tenancy.runWithTenant(tenantId, fn),
    documents: () => allDocuments(database.admin),
    killBackends: async () => { await killBackends(database.admin, new URL(database.appUrl).username) }
  }
}

/** Returns the figures once all connections are given back, or after two seconds: a caller has its rows a moment before the server is ready again. */
export async function statsAtRest (tenancy: Tenancy): ReturnType<Tenancy['stats']> {
  const until = performance.now() + 2_000
  for (;;) {
    const stats = await tenancy.stats()
    if (stats.lanes.held === 0 || performance.now() > until) return stats
    await sleep(10)
  }
}

async function allDocuments (admin: Sql): ReturnType<TestTenancy['documents']> {
  const schemas = await admin<{ schema: string }[]>`select relnamespace::regnamespace::text as schema from pg_class where relname = 'docs' and relkind = 'r' order by 1`
  const found = []
  for (const { schema } of schemas) {
    found.push(...await admin<{ place: string, tenant_id: string, id: number, body: string }[]>`
      select ${schema} as place, tenant_id, id, body from ${admin.unsafe(schema)}.docs order by tenant_id, id`)
  }
  return found
}

async function killBackends (admin: Sql, role: string): Promise<void> {
  await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${role}`
}

/** A plain postgres.js client, closed when `t` ends: the negative control of the driver's faults. */
export function plainClient (t: TestScope, url: string, options: object = {}): Sql {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {}, ...options })
  t.teardown(() => sql.end({ timeout: 0 }))
  return sql
}

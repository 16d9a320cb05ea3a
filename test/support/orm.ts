import { fileURLToPath } from 'node:url'
import type { Sql } from 'postgres'
import { seedTenant } from '../../examples/server/seed.ts'
import { createTenancy } from '../../lib/index.ts'
import { testDatabase } from './database.ts'
import { plainClient } from './tenancy.ts'

interface TestScope {
  teardown (fn: () => unknown): void
  testdir (files: Readonly<Record<string, string>>): string
}

/** ZakOps' tables, shared by the tenants acme and globex, whose deals 1 to 3 have the same ids and other titles. */
export interface OrmScene {
  readonly sql: Sql
  /** Calls `fn` as this tenant. */
  as<T> (tenantId: string, fn: () => T | PromiseLike<T>): Promise<T>
  /** A plain client that sees the rows of everybody: what a test of isolation has to notice. */
  readonly blind: Sql
  /** What the database holds, whatever clients say: `tenant: id title stage`. */
  deals (): Promise<readonly string[]>
}

const migrations = fileURLToPath(new URL('../../examples/server/migrations', import.meta.url))

/** Makes the database, in which row security alone holds the line, so that any statement without its settings shows. */
export async function ormScene (t: TestScope): Promise<OrmScene> {
  const { appUrl, ownerUrl, adminUrl } = await testDatabase(t)
  const log = { info () {}, warn () {}, error () {} }
  const tenancy = await createTenancy({ mode: 'multi', isolation: 'rls', database: appUrl, ownerDatabase: ownerUrl, migrations, log })
  t.teardown(() => tenancy.close())
  await seedTenant(tenancy, 'acme')
  await seedTenant(tenancy, 'globex')
  // With types, because the driver's `reserve` waits for ever on a first connection that does not fetch them.
  const blind = plainClient(t, adminUrl, { fetch_types: true, connection: { search_path: 'shared' } })
  return {
    sql: tenancy.sql,
    as: (tenantId, fn) => tenancy.runWithTenant(tenantId, fn),
    blind,
    deals: async () => (await blind`select tenant_id, id, title, stage from deals order by tenant_id, id`).map((deal) => `${deal['tenant_id']}: ${deal['id']} ${deal['title']} ${deal['stage']}`)
  }
}

/** Runs `fn` and returns the code of the error that it throws, also if the library has wrapped it. */
export async function codeThrownBy (fn: () => Promise<unknown>): Promise<unknown> {
  try {
    await fn()
    return 'no error'
  } catch (error) {
    return codeIn(error)
  }
}

function codeIn (error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  return Reflect.get(error, 'code') ?? (error.cause === undefined ? error.message : codeIn(error.cause))
}

/** Two promises that the test settles: a transaction says that it is open, and stays so until it is told to finish. */
export function gates () {
  let open = (): void => {}
  let finish = (): void => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  const finished = new Promise<void>((resolve) => { finish = resolve })
  return { opened, open: () => open(), finished, finish: () => finish() }
}

import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { zakopsTenancy } from '../../lib/faces/plugin/index.ts'
import { createTenancy } from '../../lib/faces/tenancy/index.ts'
import type { TenancyOptions } from '../../lib/settings/config/index.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { TEST_SECRET } from './tokens.ts'

/** What a test needs of tap. */
interface TestScope {
  teardown (fn: () => unknown): void
  testdir (content: Readonly<Record<string, string>>): string
}

/** A database with the tenants acme and globex, whose deals have the same ids. */
export interface TenantsDatabase extends TestDatabase {
  readonly migrations: string
}

/** A server that listens, what it logged, and where it is. */
export interface TenantApp {
  readonly app: FastifyInstance
  readonly url: string
  readonly port: number
  /** Every line of its log, parsed. */
  readonly lines: ReadonlyArray<Readonly<Record<string, unknown>>>
}

export const TENANTS = ['acme', 'globex'] as const

const DEALS = `create table deals (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id text not null,
  title text not null,
  primary key (tenant_id, id)
);
create table approvals (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id text not null,
  deal_id text not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, deal_id) references deals (tenant_id, id) deferrable initially deferred
);`

/** Makes the database and provisions both tenants; deal 1 of each has the tenant as its title. `sleepy` is suspended. */
export async function tenantsDatabase (t: TestScope, options: Pick<TenancyOptions, 'signing' | 'locked'> = {}): Promise<TenantsDatabase> {
  const database = await testDatabase(t, options)
  const migrations = t.testdir({ '001-deals.sql': DEALS })
  const tenancy = await createTenancy({ mode: 'multi', database: database.appUrl, ownerDatabase: database.ownerUrl, migrations, ...options })
  try {
    for (const id of TENANTS) {
      await tenancy.provision({ id })
      await tenancy.runWithTenant(id, async () => await tenancy.sql`insert into deals (id, title) values ('1', ${id})`)
    }
    await tenancy.provision({ id: 'sleepy' })
    await tenancy.registry.setStatus('sleepy', 'suspended')
  } finally {
    await tenancy.close()
  }
  return { ...database, migrations }
}

/** Starts a multi-tenant server on a real port; `build` adds what it serves, after the plugin is there. */
export async function tenantApp (t: TestScope, database: TestDatabase, options: TenancyOptions, build: (app: FastifyInstance) => unknown): Promise<TenantApp> {
  const lines: Array<Record<string, unknown>> = []
  const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => { lines.push(JSON.parse(line)) } } }, forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(zakopsTenancy, { mode: 'multi', database: database.appUrl, jwt: { secret: TEST_SECRET }, registryCacheMs: 50, ...options })
  await build(app)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url, port: portOf(app.server.address()), lines }
}

/** The title of deal 1 as this code sees it, or the code of the error: whose data this is. */
export async function whose (app: FastifyInstance): Promise<string> {
  try {
    const [deal] = await app.sql`select title from deals where id = '1'`
    return String(deal?.['title'])
  } catch (error) {
    return codeOf(error)
  }
}

export function codeOf (error: unknown): string {
  return error instanceof Error ? String(Reflect.get(error, 'code') ?? error.message) : String(error)
}

function portOf (address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}

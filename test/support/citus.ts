import { randomBytes } from 'node:crypto'
import postgres, { type Sql } from 'postgres'
import { setUpDatabase } from '../../lib/operations/roles/index.ts'
import type { TestDatabase } from './database.ts'

interface TestScope {
  teardown (fn: () => unknown): void
}

/** Why the tests of Citus do not run, or false. */
export const NO_CITUS = (process.env['TEST_CITUS_URL'] ?? '') === '' ? 'TEST_CITUS_URL is not set: a superuser of a database with Citus, its workers and nothing else' : false

/** A node that holds shards. */
export interface CitusNode {
  readonly name: string
  readonly id: number
}

/** A database with Citus, which one test file has to itself. */
export interface CitusDatabase extends TestDatabase {
  readonly workers: readonly CitusNode[]
  /** Runs a statement on every worker as superuser, whatever the coordinator knows of it. */
  onWorkers (text: string): Promise<readonly string[]>
}

/**
 * Empties the database of TEST_CITUS_URL, makes roles with random names in it and on its workers, and prepares it. Everything goes when `t` ends.
 *
 * A database for itself would have to be made on every worker, and those need not be reachable from here.
 */
export async function citusDatabase (t: TestScope): Promise<CitusDatabase> {
  const adminUrl = process.env['TEST_CITUS_URL'] ?? ''
  const suffix = randomBytes(6).toString('hex')
  const owner = { name: `owner_${suffix}`, password: randomBytes(12).toString('hex') }
  const app = { name: `app_${suffix}`, password: randomBytes(12).toString('hex') }
  const admin = postgres(adminUrl, { max: 2, onnotice: () => {} })
  await empty(admin)
  t.teardown(async () => {
    await empty(admin)
    for (const { name } of [owner, app]) {
      await admin.unsafe('delete from pg_dist_authinfo where rolename = $1', [name])
      for (const text of [`drop owned by ${name}`, `drop role if exists ${name}`]) {
        await admin.unsafe(text).catch(() => {})
        await admin`select run_command_on_workers(${text})`
      }
    }
    await admin.end({ timeout: 5 })
  })
  await setUpDatabase({ adminDatabase: adminUrl, owner, app })
  // Nodes log in to each other as the role whose statement it is.
  for (const { name, password } of [owner, app]) await admin`insert into pg_dist_authinfo (nodeid, rolename, authinfo) values (0, ${name}, ${`password=${password}`})`
  return {
    admin,
    adminUrl,
    ownerUrl: urlOf(adminUrl, owner),
    appUrl: urlOf(adminUrl, app),
    operatorUrl: '',
    workers: (await admin`select nodeid as id, nodename || ':' || nodeport as name from pg_dist_node where shouldhaveshards and isactive order by nodeid`)
      .map((row) => ({ id: Number(row['id']), name: String(row['name']) })),
    onWorkers: async (text) => (await admin`select success, result from run_command_on_workers(${text})`).map((row) => {
      if (row['success'] !== true) throw new Error(`a worker says: ${row['result']}`)
      return String(row['result'])
    })
  }
}

/** Drops what earlier tests may have left: the schemas of this package and those of its tenants. */
async function empty (admin: Sql): Promise<void> {
  const schemas = await admin`
    select nspname as name from pg_namespace
    where nspname ~ '^(tenant_|zakops_)' or nspname in ('shared', 'extensions') order by nspname = 'zakops_tenancy', nspname`
  for (const { name } of schemas) await admin.unsafe(`drop schema if exists "${name}" cascade`)
}

function urlOf (adminUrl: string, role: { readonly name: string, readonly password: string }): string {
  const url = new URL(adminUrl)
  url.username = role.name
  url.password = role.password
  return url.href
}

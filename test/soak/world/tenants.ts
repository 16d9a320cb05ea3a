import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTenancy, setUpDatabase } from '../../../lib/index.ts'
import { type Superuser, superuserOf } from './superuser.ts'

type Strategy = 'schema+rls' | 'schema' | 'rls'

/** A tenant of the soak. All ids have the same length, so that a lie can put one in another's place. */
export interface SoakTenant {
  readonly id: string
  readonly strategy: Strategy
  /** Where its rows belong. */
  readonly schema: string
}

const STRATEGIES: readonly Strategy[] = ['schema+rls', 'rls', 'schema+rls', 'rls', 'schema', 'schema+rls', 'rls', 'schema']

export const TENANTS: readonly SoakTenant[] = STRATEGIES.map((strategy, at) => {
  const id = `soak-${String.fromCodePoint(97 + at)}`
  return { id, strategy, schema: strategy === 'rls' ? 'shared' : `tenant_${id}` }
})

/** What a function leaves behind in a session is invisible in the text of the statement that calls it. */
const MIGRATION = `
create table marks (tenant_id text not null, id integer not null, mark text not null, n integer not null default 0, primary key (tenant_id, id));
create table shapes (tenant_id text not null, id integer not null, mark text not null, primary key (tenant_id, id));
create table kinds (tenant_id text not null, id integer not null, part integer not null, primary key (tenant_id, id));
create table writes (tenant_id text not null, id text not null, part integer not null, body text not null, primary key (tenant_id, id, part));
create function leave_behind(value text) returns text language sql as $$ select set_config('soak.left_in_passing', value, false) $$;
`

/** A database with tenants, and who may do what with it. */
export interface SoakDatabase {
  readonly appUrl: string
  readonly ownerUrl: string
  readonly appRole: string
  /** As superuser, past every fault but the server's own. */
  readonly admin: Superuser
}

/** Makes the database and its tenants, with the package itself. */
export async function createTenants (serverUrl: string): Promise<SoakDatabase> {
  await superuserOf(serverUrl).query('create database soak', "create role soak_owner login password 'owner'", "create role soak_app login password 'app'",
    // What the server acknowledged has to survive an immediate stop; its command line says otherwise.
    'alter database soak set synchronous_commit = on')
  const adminDatabase = urlOf(serverUrl)
  const [appUrl, ownerUrl] = [urlOf(serverUrl, 'soak_app', 'app'), urlOf(serverUrl, 'soak_owner', 'owner')]
  await setUpDatabase({ adminDatabase, owner: { name: 'soak_owner', password: 'owner' }, app: { name: 'soak_app', password: 'app' } })
  await provisionAll(appUrl, ownerUrl)
  const admin = superuserOf(adminDatabase)
  // Tables of the same name that look different from one tenant to the next.
  await admin.query('alter table "tenant_soak-c".shapes add column extra text default \'extra\'',
    'alter table "tenant_soak-e".shapes drop column mark, add column mark text not null default \'soak-e\'', 'checkpoint')
  return { appUrl, ownerUrl, appRole: 'soak_app', admin }
}

async function provisionAll (appUrl: string, ownerUrl: string): Promise<void> {
  const migrations = mkdtempSync(join(tmpdir(), 'zakops-tenancy-soak-'))
  writeFileSync(join(migrations, '001-soak.sql'), MIGRATION)
  const tenancy = await createTenancy({ mode: 'multi', database: appUrl, ownerDatabase: ownerUrl, migrations, log: { info () {}, warn () {}, error () {} } })
  try {
    for (const { id, strategy } of TENANTS) {
      await tenancy.provision({ id, isolation: strategy })
      await tenancy.runWithTenant(id, async () => {
        await tenancy.sql`insert into marks (tenant_id, id, mark) select ${id}::text, n, ${id}::text from generate_series(1, 20) n`
        await tenancy.sql`insert into shapes (tenant_id, id, mark) values (${id}, 1, ${id})`
        await tenancy.sql`insert into kinds (tenant_id, id, part) values (${id}, 1, 0)`
      })
    }
  } finally {
    await tenancy.close()
    rmSync(migrations, { recursive: true })
  }
}

function urlOf (serverUrl: string, user?: string, password = ''): string {
  const url = new URL(serverUrl)
  url.pathname = '/soak'
  if (user !== undefined) Object.assign(url, { username: user, password })
  return url.href
}

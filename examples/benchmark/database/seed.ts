import type { Sql } from 'postgres'
import { type Tenancy, createTenancy } from 'zakops-tenancy'
import { quiet } from '../clients/quiet.ts'
import type { Isolation } from '../workers/messages.ts'
import { DEALS, PLAIN, PLAIN_COLUMN, prefixOf, tenantsOf } from './names.ts'
import { type BenchmarkDatabase, withConnection } from './open-database.ts'

/** How many tenants of each isolation strategy there have to be. */
export type TenantCounts = Readonly<Record<Isolation, number>>

/** More callers than this make provisioning slower: it is the server that works. */
const PROVISIONERS = 4

/** Tenants that are visited once need one row; whoever is measured needs all. */
const TENANTS_WITH_ALL_DEALS = 1000

/** Makes the table without tenants and as many tenants as are needed, with their rows. */
export async function seed (database: BenchmarkDatabase, counts: TenantCounts, migrations: string, ending: AbortSignal): Promise<void> {
  ending.throwIfAborted()
  const tenancy = await createTenancy({ mode: 'multi', database: database.app, ownerDatabase: database.owner, migrations, log: quiet, ...(database.signing === undefined ? {} : { signing: database.signing }) })
  try {
    await withConnection(database.owner, async (sql) => {
      await seedPlain(sql, new URL(database.app).username)
      for (const isolation of ['rls', 'schema', 'schema+rls'] as const) {
        if (counts[isolation] > 0) await seedTenants(sql, tenancy, isolation, counts[isolation], ending)
      }
    })
    // Statistics as they would be after a day, instead of an autovacuum in the middle of a round.
    await withConnection(database.admin, async (sql) => { await sql`vacuum analyze` })
  } finally {
    await tenancy.close()
  }
}

/** The same columns and rows as one tenant has, so that nothing but the tenancy differs. */
async function seedPlain (sql: Sql, appRole: string): Promise<void> {
  await sql.unsafe(`
    create schema ${PLAIN};
    create table ${PLAIN}.deals (
      ${PLAIN_COLUMN} text not null, id integer primary key, title text not null, amount integer not null, created_at timestamptz not null default now()
    ) with (autovacuum_enabled = off);
    insert into ${PLAIN}.deals select '${PLAIN}', i, 'Deal ' || i, i * 1000 from generate_series(1, ${DEALS}) i;
    grant usage on schema ${PLAIN} to ${appRole};
    grant select on ${PLAIN}.deals to ${appRole}`)
}

async function seedTenants (sql: Sql, tenancy: Tenancy, isolation: Isolation, count: number, ending: AbortSignal): Promise<void> {
  // Under `rls` a tenant is a row: what the first one needs serves all, and ten thousand are copied in a moment.
  await provisionAll(tenancy, tenantsOf(isolation, isolation === 'rls' ? 1 : count), isolation, ending)
  ending.throwIfAborted()
  if (isolation === 'rls') await copyRegistryRow(sql, count)
  const table = isolation === 'rls' ? "'shared.deals'" : "format('%I.deals', 'tenant_' || tenant)"
  // The owner is bound by the policies too.
  await sql.unsafe(`do $$
    declare tenant text;
    begin
      for i in 1..${count} loop
        tenant := '${prefixOf(isolation)}' || i;
        perform set_config('app.tenant_id', tenant, true);
        execute 'insert into ' || ${table} || ' (tenant_id, id, title, amount) select $1, i, ''Deal '' || i, i * 1000 from generate_series(1, $2) i'
          using tenant, case when i <= ${TENANTS_WITH_ALL_DEALS} then ${DEALS} else 1 end;
      end loop;
    end $$`)
}

async function provisionAll (tenancy: Tenancy, ids: readonly string[], isolation: Isolation, ending: AbortSignal): Promise<void> {
  const waiting = [...ids]
  await Promise.all(Array.from({ length: PROVISIONERS }, async () => {
    for (let id = waiting.pop(); id !== undefined && !ending.aborted; id = waiting.pop()) await tenancy.provision({ id, isolation })
  }))
}

/** Whatever columns the registry has, the others differ from the first tenant in id and name only. */
async function copyRegistryRow (sql: Sql, count: number): Promise<void> {
  const prefix = prefixOf('rls')
  await sql.unsafe(`
    insert into zakops_tenancy.tenants
    select (jsonb_populate_record(first, jsonb_build_object('id', '${prefix}' || i, 'name', '${prefix}' || i))).*
    from zakops_tenancy.tenants first, generate_series(2, ${count}) i where first.id = '${prefix}1'`)
}

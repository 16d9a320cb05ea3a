import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AdoptionPlan, AdoptionTarget } from '../../lib/operations/adoption/index.ts'
import { planAdoption } from '../../lib/operations/adoption/index.ts'
import { type TenancyConfig, type TenancyOptions, resolveConfig } from '../../lib/settings/config/index.ts'
import { type TestDatabase, type TestScope, testDatabase } from './database.ts'
import { dumpOf } from './dump.ts'

const file = (name: string): string => fileURLToPath(new URL(`../../examples/adopt/${name}`, import.meta.url))

/** A database that serves one organisation, and what adopts it. */
export interface AdoptingScene extends TestDatabase {
  /** As the role that the old service logs in as and that owns its tables. */
  readonly oldUrl: string
  readonly options: TenancyOptions
  readonly config: TenancyConfig
  /** A plan with everything accepted. */
  plan (target: AdoptionTarget): Promise<AdoptionPlan>
}

/**
 * Views as a service has them: what the server prints of IN over varchar is not what it prints of that, so that a view which was written anew
 * would not be the same; the others have what CREATE OR REPLACE VIEW does not keep, and a default that names a sequence which goes with its table.
 */
const OWN_VIEWS = `
  create view zakops.open_deals with (security_barrier) as select deal_id, title, stage from zakops.deals where stage in ('inbound', 'screening') with check option;
  alter view zakops.open_deals alter column title set default 'Untitled';
  comment on view zakops.open_deals is 'What is open';
  comment on column zakops.open_deals.title is 'As it is called';
  create view zakops.open_titles as select title, deal_id from zakops.open_deals;
  create view zakops.runs_of_deals as select d.deal_id, d.title, r.status from zakops.deals d join zakops.agent_runs r on r.deal_id = d.deal_id;
  create view zakops.entries with (security_invoker) as select deal_id, title from zakops.deals;
  create function zakops.enter() returns trigger language plpgsql as $$ begin insert into zakops.deals (deal_id, title) values (new.deal_id, 'entered ' || new.title); return new; end $$;
  create trigger enter instead of insert on zakops.entries for each row execute function zakops.enter();
  alter view zakops.entries alter column deal_id set default 'S-' || nextval('zakops.user_sessions_id_seq');
  comment on index zakops.deals_pkey is 'Of the index of a key';
  create schema reporting;
  create view reporting.totals as select (select count(*)::int from zakops.open_titles) as deals, (select count(*)::int from zakops.runs_of_deals) as runs;`

/** Makes it, with the tables and rows of examples/adopt. */
export async function adoptingScene (t: TestScope, { server, rows = 200, options = {}, hasViews = false }: { readonly server?: string, readonly rows?: number, readonly options?: TenancyOptions, readonly hasViews?: boolean } = {}): Promise<AdoptingScene> {
  const database = await testDatabase(t, server === undefined ? {} : { server })
  const old = `old_${randomBytes(6).toString('hex')}`
  const { admin } = database
  await admin.unsafe(`create role ${old} login password 'old'; grant create on database ${new URL(database.adminUrl).pathname.slice(1)} to ${old}`)
  t.teardown(async () => await admin.unsafe(`drop owned by ${old} cascade; drop role ${old}`))
  await admin.begin(async (tx) => {
    await tx.unsafe(`set local role ${old}`)
    await tx.unsafe(readFileSync(file('before.sql'), 'utf8'))
    await tx.unsafe(`
      insert into zakops.deals (deal_id, title, owner_email) select 'DEAL-' || n, 'Deal ' || n, 'o' || n || '@example.com' from generate_series(1, ${rows}) n;
      insert into zakops.agent_runs (deal_id, idempotency_key) select 'DEAL-' || n, 'seed ' || n from generate_series(1, ${rows}) n;
      insert into zakops.approvals select 'ACT-' || number, deal_id, id, 'approved' from zakops.agent_runs;
      insert into zakops.audit_logs (deal_id) select 'DEAL-' || n from generate_series(1, ${rows}) n;
      insert into zakops.user_sessions (email) select 'user' || n || '@example.com' from generate_series(1, ${rows}) n;
      update zakops.deals set title = title || '!' where right(deal_id, 1) = '7';`)
    if (hasViews) await tx.unsafe(OWN_VIEWS)
  })
  const oldUrl = new URL(database.adminUrl)
  oldUrl.username = old
  oldUrl.password = 'old'
  const given: TenancyOptions = { mode: 'multi', database: database.appUrl, ownerDatabase: database.ownerUrl, adminDatabase: database.adminUrl, ...options }
  const config = resolveConfig(given, {})
  return {
    ...database,
    oldUrl: oldUrl.href,
    options: given,
    config,
    plan: async (target) => {
      const plan = await planAdoption({ ...config, ...(target === 'rls' ? {} : { migrations: file('migrations') }) }, { schema: 'zakops', tenant: 'acme', target })
      return { ...plan, care: plan.care.map((care) => ({ ...care, accepted: true })) }
    }
  }
}

/** The folder of migrations that a tenant is made from. */
export const ADOPTED_MIGRATIONS = file('migrations')

/** Does a step in a process of its own, which is killed when it has told of the n-th change. Returns the signal that ended it. */
export async function adoptAndDie ({ options }: AdoptingScene, action: 'stamp' | 'enforce' | 'undo', plan: AdoptionPlan, occurrence: number): Promise<unknown> {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('adopter.ts', import.meta.url)), JSON.stringify(options), action, JSON.stringify(plan), String(occurrence)], { stdio: 'inherit' })
  const [, signal] = await once(child, 'exit')
  return signal
}

/** Which of these deals are not there once, with everything that was written with them, wherever the tables are. */
export async function missing ({ admin }: AdoptingScene, schema: string, acknowledged: readonly string[]): Promise<readonly string[]> {
  const rows = await admin.unsafe(`
    select t.id from unnest($1::text[]) as t (id) where (
      select count(*) filter (where r.deal_id is not null and a.decision = 'approved' and l.event ->> 'opened' = d.deal_id and d.stage = 'screening') from ${schema}.deals d
      left join ${schema}.agent_runs r on r.deal_id = d.deal_id left join ${schema}.approvals a on a.deal_id = d.deal_id and a.run_id = r.id
      left join ${schema}.audit_logs l on l.deal_id = d.deal_id where d.deal_id = t.id) <> 1
      or (select count(*) from ${schema}.user_sessions s where s.email = t.id || '@example.com') <> 1`, [[...acknowledged]])
  return rows.map((row) => String(row['id']))
}

/** Those of the definitions, without the rows and positions that a load changes. */
export async function definitions ({ admin }: AdoptingScene): Promise<readonly string[]> {
  return (await dumpOf(admin)).split('\n').filter((line) => line.startsWith('[') && !line.startsWith('["sequence"'))
}

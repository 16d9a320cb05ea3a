import { DEFAULT_SERVER, ISOLATION_STRATEGIES, TENANT_STATUSES } from '../../words/types.ts'
import { CONTROL_SCHEMA, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { lifecycleStatements } from './control-lifecycle.ts'
import { spareStatements } from './control-spares.ts'
import { controlFleetStatements } from './control-fleet.ts'
import { instanceStatements } from './control-instance.ts'
import { refusalStatements } from './control-refusals.ts'
import { moveStatements } from './control-moves.ts'
import { CHECKED_TENANT_SQL, signingStatements } from './control-signing.ts'
import { adoptionStatements } from './control-adoption.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/**
 * Returns the statements that make the schema of this package, for the owner to run. They can run again and again.
 *
 * The application's role reads one row of `tenants`: that of the tenant it works for, so that no code of a tenant can
 * list the others. FORCE is left out on purpose: the owner has to see all rows to provision and to list.
 */
export function controlSchemaStatements (appRole: string): readonly string[] {
  const app = quoteIdentifier(appRole)
  return [
    `create schema if not exists ${control}`,
    `create table if not exists ${control}.tenants (
       id text primary key,
       name text not null,
       status text not null,
       strategy text not null,
       schema text not null,
       created_at timestamptz not null default now())`,
    // Columns of later versions, for a registry that is there already.
    `alter table ${control}.tenants
       add column if not exists server text not null default ${quoteLiteral(DEFAULT_SERVER)},
       add column if not exists database text,
       add column if not exists migration text not null default '',
       add column if not exists moving boolean not null default false,
       drop constraint if exists tenants_status_check, drop constraint if exists tenants_strategy_check,
       add constraint tenants_status_check check (status in (${listed(TENANT_STATUSES)})),
       add constraint tenants_strategy_check check (strategy in (${listed(ISOLATION_STRATEGIES)}))`,
    // Ids that differ only in letter case are different schemas to PostgreSQL and the same one to people (I-02, I-06).
    // COLLATE "C", because lower() depends on the locale: a Turkish database keeps "I" and "i" apart.
    `create unique index if not exists tenants_lower_id on ${control}.tenants (lower(id collate "C"))`,
    `drop index if exists ${control}.tenants_own_schema`,
    `create unique index if not exists tenants_own_place on ${control}.tenants (server, database, schema) nulls not distinct where strategy <> 'rls'`,
    `create table if not exists ${control}.migrations (
       schema text not null,
       name text not null,
       checksum text not null,
       applied_at timestamptz not null default now(),
       primary key (schema, name))`,
    // Says of which deployment the database is and, where a tenant has it for itself, whose.
    `create table if not exists ${control}.place (
       only_row boolean primary key default true check (only_row),
       deployment uuid not null default pg_catalog.gen_random_uuid(),
       tenant text)`,
    `insert into ${control}.place default values on conflict do nothing`,
    ...signingStatements(appRole),
    ...registryPolicyStatements(),
    ...versionStatements(),
    ...lifecycleStatements(appRole),
    ...spareStatements(appRole),
    ...controlFleetStatements(appRole),
    ...moveStatements(appRole),
    ...instanceStatements(appRole),
    ...refusalStatements(appRole),
    ...adoptionStatements(appRole),
    `revoke all on schema ${control} from public, ${app}`,
    `revoke all on ${control}.tenants, ${control}.migrations, ${control}.registry_version, ${control}.place from public, ${app}`,
    `grant usage on schema ${control} to ${app}`,
    `grant select on ${control}.tenants, ${control}.registry_version, ${control}.place to ${app}`
  ]
}

/** The policy by which whoever works for a tenant sees that tenant's row. */
export const REGISTRY_POLICY = 'tenants_own_row'

/** Returns the statements that make the policy of the registry anew. */
export function registryPolicyStatements (): readonly string[] {
  return [
    `alter table ${control}.tenants enable row level security`,
    `drop policy if exists ${REGISTRY_POLICY} on ${control}.tenants`,
    `create policy ${REGISTRY_POLICY} on ${control}.tenants for select
       using (id = (select ${CHECKED_TENANT_SQL}))`
  ]
}

/**
 * One row that changes with whatever changes in `tenants`, so that a process asks for it and not for every tenant again.
 * It is readable by the application's role and tells nothing but that something changed: a random value, which a
 * restored or rebuilt registry does not have again.
 *
 * The trigger is deferred to the commit, so that a long provisioning holds the row only while it commits; SECURITY
 * DEFINER and ALWAYS, so that it works for whoever changes a row, a replication worker too; and changes the value
 * once for each transaction. The statements end with a change, because there was no trigger for a moment.
 */
function versionStatements (): readonly string[] {
  const version = `${control}.registry_version`
  const change = `insert into ${version} (version, changed_in) values (pg_catalog.gen_random_uuid(), pg_catalog.pg_current_xact_id())
    on conflict (only_row) do update set version = excluded.version, changed_in = excluded.changed_in`
  const triggers = [
    ['tenants_changed', 'constraint trigger tenants_changed after insert or update or delete', 'deferrable initially deferred for each row'],
    ['tenants_truncated', 'trigger tenants_truncated after truncate', 'for each statement']
  ] as const
  return [
    `create table if not exists ${version} (
       only_row boolean primary key default true check (only_row),
       version uuid not null,
       changed_in xid8 not null)`,
    `create or replace function ${control}.change_version() returns trigger language plpgsql security definer
       set search_path = pg_catalog, pg_temp as ${quoteLiteral(`begin
         ${change} where registry_version.changed_in <> excluded.changed_in;
         return null;
       end`)}`,
    `revoke all on function ${control}.change_version() from public`,
    ...triggers.flatMap(([name, when, each]) => [
      `drop trigger if exists ${name} on ${control}.tenants`,
      `create ${when} on ${control}.tenants ${each} execute function ${control}.change_version()`,
      `alter table ${control}.tenants enable always trigger ${name}`
    ]),
    change
  ]
}

function listed (words: readonly string[]): string {
  return words.map(quoteLiteral).join(', ')
}

/** Returns the statements that make a schema of the owner which the application's role may use and not change. */
export function plainSchemaStatements (schema: string, appRole: string): readonly string[] {
  const name = quoteIdentifier(schema)
  return [
    `create schema if not exists ${name}`,
    `revoke all on schema ${name} from public`,
    `revoke create on schema ${name} from ${quoteIdentifier(appRole)}`,
    `grant usage on schema ${name} to ${quoteIdentifier(appRole)}`
  ]
}

import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/**
 * Returns the statements that make the tables of migration runs, which are used where the registry is. They can run again and
 * again. The application's role gets nothing of
 * those that hold the ids of tenants.
 */
export function controlFleetStatements (appRole: string): readonly string[] {
  return [
    `alter table ${control}.tenants add column if not exists canary boolean not null default false`,
    `create table if not exists ${control}.migration_runs (
       id uuid primary key default pg_catalog.gen_random_uuid(),
       started_at timestamptz not null default pg_catalog.clock_timestamp(),
       finished_at timestamptz,
       state text not null default 'running' check (state in ('running', 'done', 'failed', 'stopped')),
       dry_run boolean not null,
       reason text)`,
    `create table if not exists ${control}.migration_results (
       run uuid not null references ${control}.migration_runs on delete cascade,
       tenant text not null,
       position integer not null,
       state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'skipped')),
       applied text[] not null default '{}',
       error text,
       ms integer,
       changed_at timestamptz not null default pg_catalog.clock_timestamp(),
       primary key (run, tenant))`,
    `create index if not exists migration_results_tenant on ${control}.migration_results (tenant)`,
    // What every process has to know of runs, so that it may read it: that there was one, and until when it may change tables.
    `create table if not exists ${control}.schema_changes (
       id bigint generated always as identity primary key,
       until timestamptz not null)`,
    `grant select on ${control}.schema_changes to ${quoteIdentifier(appRole)}`,
    `revoke all on ${control}.migration_runs, ${control}.migration_results from public, ${quoteIdentifier(appRole)}`
  ]
}

import type { Fault } from './fault.ts'

/** Faults of tables, their columns, and where they are. */
export const TABLE_FAULTS: Readonly<Record<string, Fault>> = {
  'a table that came by hand': {
    plant: ({ owner, app }) => `create table shared.notes (tenant_id text not null); create index on shared.notes (tenant_id); alter table shared.notes owner to ${owner}; grant select, insert on shared.notes to ${app}`,
    finds: [['unprotected-table', 'fatal', 'shared.notes']],
    tidy: () => 'drop table shared.notes'
  },
  'a partition in another schema': {
    plant: ({ owner, app }) => `create table shared.events (tenant_id text not null, at date not null) partition by list (at); create index on shared.events (tenant_id); alter table shared.events owner to ${owner};
      alter table shared.events enable row level security; alter table shared.events force row level security;
      create policy tenancy_grant on shared.events using (true) with check (true);
      create policy tenancy_isolation on shared.events as restrictive using (tenant_id = (select nullif(current_setting('app.tenant_id', true), ''))) with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')));
      create schema parts authorization ${owner}; grant usage on schema parts to ${app};
      create table parts.events_2026 partition of shared.events for values in ('2026-01-01'); alter table parts.events_2026 owner to ${owner}; grant select on parts.events_2026 to ${app}`,
    finds: [['partition-open', 'fatal', 'parts.events_2026'], ['table-elsewhere', 'fatal', 'parts.events_2026']],
    repair: () => `revoke all on parts.events_2026 from public; alter table parts.events_2026 enable row level security; alter table parts.events_2026 force row level security;
      create policy tenancy_grant on parts.events_2026 using (true) with check (true);
      create policy tenancy_isolation on parts.events_2026 as restrictive using (tenant_id = (select nullif(current_setting('app.tenant_id', true), ''))) with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')))`,
    tidy: () => 'drop schema parts cascade; drop table shared.events'
  },
  'a table of everybody in public': {
    plant: ({ app }) => `create table public.cache (key text, value text); grant usage on schema public to ${app}; grant select, insert on public.cache to ${app}`,
    finds: [['table-elsewhere', 'warning', 'public.cache']],
    as: 'admin',
    tidy: ({ app }) => `drop table public.cache; revoke usage on schema public from ${app}`
  },
  'rows of tenants in public': {
    plant: ({ app }) => `create table public.old_deals (tenant_id text, title text); insert into public.old_deals values ('acme', 'x'); grant usage on schema public to ${app}; grant select on public.old_deals to ${app}`,
    finds: [['table-elsewhere', 'fatal', 'public.old_deals'], ['rows-of-others', 'fatal', 'public.old_deals']],
    repair: ({ app }) => `revoke select on public.old_deals from ${app}`,
    tidy: ({ app }) => `drop table public.old_deals; revoke usage on schema public from ${app}`
  },
  'a function of another owner': {
    plant: ({ app }) => `create role contractor_${app}; create function shared.nice(text) returns text language sql return $1; alter function shared.nice(text) owner to contractor_${app}`,
    finds: [['table-owner', 'warning', 'shared.nice(text)']],
    as: 'admin',
    tidy: ({ app }) => `drop function shared.nice(text); drop role contractor_${app}`
  },
  'a table of another owner': { plant: () => 'alter table tenant_acme.user_sessions owner to current_user', finds: [['table-owner', 'warning', 'tenant_acme.user_sessions']], as: 'admin' },
  'a schema of another owner': { plant: () => 'alter schema tenant_hooli owner to current_user', finds: [['table-owner', 'warning', 'tenant_hooli']], as: 'admin', repair: ({ owner, app }) => `alter schema tenant_hooli owner to ${owner}; grant usage on schema tenant_hooli to ${app}` },
  'a tenant column that ignores trailing blanks': {
    plant: ({ owner, app }) => `create table shared.blanks (tenant_id char(10) not null); create index on shared.blanks (tenant_id); alter table shared.blanks owner to ${owner}; grant select on shared.blanks to ${app};
      alter table shared.blanks enable row level security; alter table shared.blanks force row level security;
      create policy tenancy_grant on shared.blanks using (true) with check (true);
      create policy tenancy_isolation on shared.blanks as restrictive using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::bpchar)) with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::bpchar))`,
    finds: [['column-inexact', 'fatal', 'shared.blanks'], ['policy-open-to-others', 'fatal', 'shared.blanks']],
    repair: () => 'drop table shared.blanks'
  },
  'a tenant column whose collation ignores letter case': {
    plant: () => `create collation if not exists extensions.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      drop policy tenancy_isolation on shared.user_sessions; alter table shared.user_sessions alter column tenant_id type text collate extensions.any_case;
      create policy tenancy_isolation on shared.user_sessions as restrictive using (tenant_id = (select nullif(current_setting('app.tenant_id', true), ''))) with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')))`,
    finds: [['column-inexact', 'fatal', 'shared.user_sessions'], ['policy-open-to-others', 'fatal', 'shared.user_sessions']],
    tidy: () => 'drop collation extensions.any_case'
  },
  'a tenant column that can be empty': { plant: () => 'alter table shared.agent_runs drop constraint agent_runs_pkey; alter table shared.agent_runs alter column tenant_id drop not null', finds: [['column-nullable', 'warning', 'shared.agent_runs']], tidy: () => 'alter table shared.agent_runs add primary key (tenant_id, id)' },
  'a default that writes nobody': { plant: () => "alter table shared.approvals alter column tenant_id set default current_setting('app.tenant_id', true)", finds: [['column-default', 'warning', 'shared.approvals']] },
  'a default that writes one tenant': { plant: () => "alter table tenant_acme.approvals alter column tenant_id set default 'globex'", finds: [['column-default', 'warning', 'tenant_acme.approvals']] },
  'no index on the tenant': {
    plant: () => 'alter table shared.user_sessions drop constraint user_sessions_pkey; create unique index user_sessions_key on shared.user_sessions (id, tenant_id); create index user_sessions_ranges on shared.user_sessions using brin (tenant_id)',
    finds: [['index-missing', 'warning', 'shared.user_sessions']],
    tidy: () => 'drop index shared.user_sessions_key, shared.user_sessions_ranges; drop index shared.user_sessions_tenant_id_idx; alter table shared.user_sessions add primary key (tenant_id, id)'
  },
  'the same name in the extensions schema': {
    plant: ({ owner }) => `create table extensions.deals (id text); alter table extensions.deals owner to ${owner}`,
    finds: [['name-in-both', 'warning', 'extensions.deals']],
    tidy: () => 'drop table extensions.deals_shared'
  },
  'the same name in the shared schema': {
    plant: ({ owner }) => `create table tenant_acme.countries (code text primary key, tenant_id text not null); alter table tenant_acme.countries owner to ${owner};
      create table shared.countries (code text); alter table shared.countries owner to ${owner}; comment on table shared.countries is 'zakops-tenancy: every tenant reads this table'`,
    finds: [['table-policy-missing', 'warning', 'tenant_acme.countries'], ['name-in-both', 'warning', 'shared.countries']],
    repair: () => 'drop table shared.countries; drop table tenant_acme.countries'
  },
  'a sequence of another schema': {
    plant: ({ owner }) => `create sequence extensions.counter; alter sequence extensions.counter owner to ${owner}; alter table tenant_acme.audit_logs alter column id set default nextval('extensions.counter')::text`,
    finds: [['sequence-outside', 'warning', 'tenant_acme.audit_logs.id']],
    tidy: () => 'alter table tenant_acme.audit_logs alter column id set default gen_random_uuid()::text; drop sequence tenant_acme.audit_logs_id_own; drop sequence extensions.counter'
  },
  'a table without policies that shows what is in the schema of another tenant': {
    plant: ({ owner, app }) => `create table tenant_initech.notes (body text); create table tenant_hooli.notes () inherits (tenant_initech.notes); create table tenant_initech.log (at date) partition by list (at); create table tenant_hooli.log_rest partition of tenant_initech.log default;
      alter table tenant_initech.notes owner to ${owner}; alter table tenant_hooli.notes owner to ${owner}; alter table tenant_initech.log owner to ${owner}; alter table tenant_hooli.log_rest owner to ${owner}; grant select on tenant_initech.notes, tenant_initech.log to ${app}`,
    finds: [['partition-open', 'fatal', 'tenant_hooli.log_rest'], ['partition-open', 'fatal', 'tenant_hooli.notes']],
    tidy: () => 'drop table tenant_hooli.notes, tenant_hooli.log_rest, tenant_initech.notes, tenant_initech.log'
  },
  'a child in the schema of a tenant': {
    plant: ({ owner, app }) => `create table tenant_globex.old_deals () inherits (shared.deals); alter table tenant_globex.old_deals owner to ${owner}; grant select on tenant_globex.old_deals to ${app}`,
    finds: [['table-policy-missing', 'warning', 'tenant_globex.old_deals'], ['partition-open', 'fatal', 'tenant_globex.old_deals']],
    tidy: () => 'drop table tenant_globex.old_deals'
  },
  'a tenant column whose domain ignores trailing blanks': {
    plant: ({ owner, app }) => `create domain shared.short as char(10); create table shared.shorts (tenant_id shared.short not null); create index on shared.shorts (tenant_id); alter table shared.shorts owner to ${owner}; grant select on shared.shorts to ${app};
      alter table shared.shorts enable row level security; alter table shared.shorts force row level security;
      create policy tenancy_grant on shared.shorts using (true) with check (true);
      create policy tenancy_isolation on shared.shorts as restrictive using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::shared.short)) with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::shared.short))`,
    finds: [['column-inexact', 'fatal', 'shared.shorts'], ['policy-open-to-others', 'fatal', 'shared.shorts']],
    tidy: () => 'drop table shared.shorts; drop domain shared.short'
  },
  'keys that come from one sequence for all': {
    plant: ({ owner }) => `create sequence shared.counter; alter sequence shared.counter owner to ${owner}; alter table shared.audit_logs alter column id set default nextval('shared.counter')::text`,
    finds: [['sequence-shared', 'warning', 'shared.audit_logs: counter']],
    repair: () => 'alter table shared.audit_logs alter column id set default gen_random_uuid()::text',
    tidy: () => 'drop sequence shared.counter'
  },
  'a sequence that code may count with for all': {
    plant: ({ owner, app }) => `create sequence shared.tickets; alter sequence shared.tickets owner to ${owner}; grant usage on sequence shared.tickets to ${app}`,
    finds: [['sequence-shared', 'warning', 'shared.tickets']],
    tidy: () => 'drop sequence shared.tickets'
  },
  'keys that are counted for all': {
    plant: () => 'alter table shared.audit_logs add column number bigint generated always as identity',
    finds: [['sequence-shared', 'warning', 'shared.audit_logs: audit_logs_number_seq']],
    repair: () => 'alter table shared.audit_logs drop column number'
  }
}

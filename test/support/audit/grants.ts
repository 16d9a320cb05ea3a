import type { Fault } from './fault.ts'

/** Faults of rights. */
export const GRANT_FAULTS: Readonly<Record<string, Fault>> = {
  TRUNCATE: { plant: ({ app }) => `grant truncate on shared.deals to ${app}`, finds: [['table-truncate', 'fatal', 'shared.deals']] },
  REFERENCES: { plant: ({ app }) => `grant references (id) on tenant_acme.deals to ${app}`, finds: [['table-right', 'warning', 'tenant_acme.deals: references']] },
  TRIGGER: { plant: ({ app }) => `grant trigger on shared.approvals to ${app}`, finds: [['table-right', 'warning', 'shared.approvals: trigger']] },
  'rights to give on': { plant: ({ app }) => `grant select on shared.deals to ${app} with grant option; grant update (title) on tenant_acme.deals to ${app} with grant option`, finds: [['table-grant-option', 'warning', 'shared.deals'], ['table-grant-option', 'warning', 'tenant_acme.deals']] },
  'the keys of the signed context': { plant: ({ app }) => `grant select (kid, ipad, opad) on zakops_tenancy.signing_keys to ${app}`, finds: [['registry-right', 'fatal', 'zakops_tenancy.signing_keys: select']], repair: ({ app }) => `revoke all on zakops_tenancy.signing_keys from ${app}` },
  'columns to write of what everybody reads, and of what nobody should': {
    plant: ({ owner, app }) => `create table shared.currencies (id text primary key, name text); alter table shared.currencies owner to ${owner}; comment on table shared.currencies is 'zakops-tenancy: every tenant reads this table'; grant select, update (name) on shared.currencies to ${app};
      create table public.inbox (note text); grant usage on schema public to ${app}; grant insert (note) on public.inbox to ${app}`,
    finds: [['unprotected-table', 'fatal', 'shared.currencies'], ['table-elsewhere', 'warning', 'public.inbox']],
    repair: ({ app }) => `drop table shared.currencies, public.inbox; revoke usage on schema public from ${app}`
  },
  'CREATE in the database': { plant: ({ app, database }) => `grant create on database ${database} to ${app}`, finds: [['database-create', 'warning', '{database}']], as: 'admin' },
  'CREATE in a schema': { plant: ({ app }) => `grant create on schema tenant_globex to ${app}`, finds: [['schema-create', 'warning', 'tenant_globex']] },
  TEMP: { plant: ({ database }) => `grant temporary on database ${database} to public`, finds: [['database-temporary', 'warning', '{database}']], as: 'admin' },
  'a table for everybody': { plant: () => 'grant select on tenant_initech.deals to public', finds: [['grant-to-public', 'warning', 'tenant_initech.deals']] },
  'a column for everybody': { plant: () => 'grant select (title) on tenant_initech.deals to public', finds: [['grant-to-public', 'warning', 'tenant_initech.deals']] },
  'a schema for everybody': { plant: () => 'grant usage on schema tenant_acme to public', finds: [['grant-to-public', 'warning', 'tenant_acme']] },
  'a sequence that can be set': {
    plant: ({ app, owner }) => `create sequence tenant_acme.numbers; alter sequence tenant_acme.numbers owner to ${owner}; grant update on sequence tenant_acme.numbers to ${app}`,
    finds: [['sequence-right', 'warning', 'tenant_acme.numbers']],
    tidy: () => 'drop sequence tenant_acme.numbers'
  },
  'the list of tenants': { plant: ({ app }) => `grant select on zakops_tenancy.audit_log to ${app}`, finds: [['registry-right', 'warning', 'zakops_tenancy.audit_log: select']] },
  'the registry to write': { plant: ({ app }) => `grant update (schema) on zakops_tenancy.tenants to ${app}`, finds: [['registry-right', 'fatal', 'zakops_tenancy.tenants: update']], repair: ({ app }) => `revoke update (schema) on zakops_tenancy.tenants from ${app}` },
  'rights on tables to come': {
    plant: ({ app, owner }) => `alter default privileges for role ${owner} in schema shared grant truncate on tables to ${app}`,
    finds: [['default-privileges', 'warning', '{owner} in shared']]
  },
  'rights for everybody on tables to come': {
    plant: ({ owner }) => `alter default privileges for role ${owner} grant select on tables to public`,
    finds: [['default-privileges', 'warning', '{owner} in every schema']]
  },
  'rights on functions and sequences to come': {
    plant: ({ app, owner }) => `alter default privileges for role ${owner} in schema shared grant execute on functions to ${app} with grant option; alter default privileges for role ${owner} in schema tenant_acme grant update on sequences to ${app}`,
    finds: [['default-privileges', 'warning', '{owner} in shared'], ['default-privileges', 'warning', '{owner} in tenant_acme']]
  },
  'a function, a schema and a sequence to give on': {
    plant: ({ app, owner }) => `create function shared.one() returns int language sql return 1; alter function shared.one() owner to ${owner}; create sequence tenant_acme.numbers; alter sequence tenant_acme.numbers owner to ${owner};
      grant execute on function shared.one() to ${app} with grant option; grant usage on sequence tenant_acme.numbers to ${app} with grant option; grant usage on schema tenant_globex to ${app} with grant option`,
    finds: [['table-grant-option', 'warning', 'shared.one()'], ['table-grant-option', 'warning', 'tenant_acme.numbers'], ['table-grant-option', 'warning', 'tenant_globex']],
    tidy: () => 'drop function shared.one(); drop sequence tenant_acme.numbers'
  },
  'a large object': { plant: ({ app }) => `select lo_from_bytea(4242, 'secret'); grant select on large object 4242 to ${app}`, finds: [['large-object', 'warning', 'large object 4242']], as: 'admin' },
  'a file of the server': { plant: ({ app }) => `grant execute on function pg_read_file(text) to ${app}`, finds: [['server-function', 'fatal', 'pg_read_file(text)']], as: 'admin' },
  'a function that an extension keeps from everybody': {
    plant: ({ app }) => `create extension pgstattuple schema extensions; grant execute on function extensions.pgstattuple(regclass) to ${app}`,
    finds: [['server-function', 'warning', 'extensions.pgstattuple(regclass)']],
    as: 'admin',
    tidy: () => 'drop extension pgstattuple'
  },
  'statistics of everybody': { plant: ({ app }) => `grant select on pg_statistic to ${app}`, finds: [['server-catalog', 'fatal', 'pg_statistic']], as: 'admin' },
  'a parameter of superusers': { plant: ({ app }) => `grant set on parameter session_replication_role to ${app}`, finds: [['parameter-right', 'warning', 'session_replication_role']], as: 'admin' },
  'a column for another role': {
    plant: ({ app }) => `create role peeks_${app}; grant select (title) on shared.deals to peeks_${app}`,
    finds: [['grant-to-other', 'warning', 'peeks_{app} on shared.deals']],
    tidy: ({ app }) => `drop role peeks_${app}`
  },
  'rights of another role': {
    plant: ({ app }) => `create role reader_${app}; grant select on shared.deals to reader_${app}`,
    finds: [['grant-to-other', 'warning', 'reader_{app} on shared.deals']],
    tidy: ({ app }) => `drop role reader_${app}`
  }
}

/** Rights that hold in every database of the server. */
export const SERVER_WIDE_FAULTS: Readonly<Record<string, Fault>> = {
  'another role that reads everything': {
    plant: ({ app }) => `create role reads_${app} login; grant pg_read_all_data to reads_${app}`,
    finds: [['grant-to-other', 'warning', 'reads_{app} in pg_read_all_data']],
    as: 'admin',
    tidy: ({ app }) => `drop role reads_${app}`
  }
}

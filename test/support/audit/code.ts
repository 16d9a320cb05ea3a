import type { Fault } from './fault.ts'

const count = (schema: string, words: string): string => `create function ${schema}.counted() returns bigint language sql ${words} as 'select count(*) from shared.deals'`

/** Faults of what runs inside the server: views, functions, triggers, rules. */
export const CODE_FAULTS: Readonly<Record<string, Fault>> = {
  'a SECURITY DEFINER function of a superuser': {
    plant: () => count('shared', 'security definer set search_path = pg_catalog, pg_temp'),
    finds: [['function-definer', 'fatal', 'shared.counted()']],
    as: 'admin',
    tidy: () => 'drop function shared.counted()'
  },
  'a SECURITY DEFINER function of the owner, on anybody\'s path': {
    plant: ({ owner }) => `${count('tenant_acme', 'security definer')}; alter function tenant_acme.counted() owner to ${owner}`,
    finds: [['function-definer', 'warning', 'tenant_acme.counted()'], ['function-search-path', 'warning', 'tenant_acme.counted()']],
    tidy: () => 'drop function tenant_acme.counted()'
  },
  'a function of this package that anybody may call': {
    plant: ({ app }) => `grant execute on function zakops_tenancy.change_version() to ${app}`,
    finds: [['function-definer', 'warning', 'zakops_tenancy.change_version()']]
  },
  'a trigger with the rights of a superuser': {
    plant: () => `create function shared.noted() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as 'begin return new; end'; revoke execute on function shared.noted() from public;
      create trigger noted before insert on shared.deals for each row execute function shared.noted()`,
    finds: [['trigger-definer', 'fatal', 'noted on shared.deals']],
    tidy: () => 'drop function shared.noted()'
  },
  'a trigger of the log of refusals with the rights of a superuser': {
    plant: () => `create function public.spied() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as 'begin return new; end'; revoke execute on function public.spied() from public;
      create trigger spied before insert on zakops_tenancy.refusals for each row execute function public.spied()`,
    finds: [['trigger-definer', 'fatal', 'spied on zakops_tenancy.refusals']],
    tidy: () => 'drop function public.spied()'
  },
  'a SECURITY DEFINER function that only a view can reach': {
    plant: ({ owner, app }) => `create schema hidden; ${count('hidden', 'security definer set search_path = pg_catalog, pg_temp')};
      create view shared.counts with (security_invoker = true) as select hidden.counted() as deals; alter view shared.counts owner to ${owner}; grant select on shared.counts to ${app}`,
    finds: [['function-definer', 'fatal', 'hidden.counted()']],
    as: 'admin',
    tidy: () => 'drop view shared.counts; drop schema hidden cascade'
  },
  'a SECURITY DEFINER function among the server\'s': {
    plant: () => count('pg_catalog', 'security definer set search_path = pg_catalog, pg_temp'),
    finds: [['function-definer', 'fatal', 'counted()']],
    as: 'admin',
    tidy: () => 'drop function pg_catalog.counted()'
  },
  'a trigger and a rule of views elsewhere': {
    plant: ({ owner, app }) => `create schema reports; create view reports.titles with (security_invoker = true) as select id, title from shared.deals; create view reports.ruled with (security_invoker = true) as select id, title from shared.deals;
      create function reports.put() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as 'begin update shared.deals set title = new.title where id = new.id; return new; end'; revoke execute on function reports.put() from public;
      create trigger put instead of update on reports.titles for each row execute function reports.put(); create rule put as on update to reports.ruled do instead update shared.deals set title = new.title where deals.id = new.id;
      alter view reports.titles owner to ${owner}; alter view reports.ruled owner to ${owner}; grant usage on schema reports to ${app}; grant select, update on reports.titles, reports.ruled to ${app}`,
    finds: [['trigger-definer', 'fatal', 'put on reports.titles'], ['table-rule', 'warning', 'put on reports.ruled']],
    as: 'admin',
    tidy: () => 'drop schema reports cascade'
  },
  'what only a view with the rights of who asks can reach': {
    plant: ({ owner, app }) => `create schema hidden; create view hidden.titles as select title from shared.deals; create materialized view hidden.kept as select title from shared.deals; create table hidden.copied as select title from shared.deals;
      grant select on hidden.titles, hidden.kept, hidden.copied to ${app}; create view shared.titles with (security_invoker = true) as select title from hidden.titles union all select title from hidden.kept union all select title from hidden.copied;
      alter view shared.titles owner to ${owner}; grant select on shared.titles to ${app}`,
    finds: [['table-elsewhere', 'warning', 'hidden.copied'], ['view-owner-rights', 'fatal', 'hidden.titles'], ['materialized-view', 'fatal', 'hidden.kept']],
    repair: () => 'drop view shared.titles; drop schema hidden cascade'
  },
  'a view of a superuser on the server\'s files': {
    plant: ({ app }) => `create schema reports; create view reports.version as select pg_read_file('PG_VERSION') as version; grant usage on schema reports to ${app}; grant select on reports.version to ${app}`,
    finds: [['view-owner-rights', 'warning', 'reports.version']],
    as: 'admin',
    tidy: () => 'drop schema reports cascade'
  },
  'a rule on a table': { plant: () => 'create rule kept as on delete to tenant_acme.audit_logs do instead nothing', finds: [['table-rule', 'warning', 'kept on tenant_acme.audit_logs']] },
  'a view with the rights of a superuser': {
    plant: ({ app }) => `create view shared.all_deals as select * from shared.deals; grant select on shared.all_deals to ${app}`,
    finds: [['table-owner', 'warning', 'shared.all_deals'], ['view-owner-rights', 'fatal', 'shared.all_deals'], ['rows-of-others', 'fatal', 'shared.all_deals']],
    repair: ({ owner }) => `alter view shared.all_deals set (security_invoker = true); alter view shared.all_deals owner to ${owner}`,
    tidy: () => 'drop view shared.all_deals'
  },
  'a view with the rights of the owner': {
    plant: ({ owner, app }) => `create view tenant_acme.open_deals as select * from tenant_acme.deals; alter view tenant_acme.open_deals owner to ${owner}; grant select on tenant_acme.open_deals to ${app}`,
    finds: [['view-owner-rights', 'warning', 'tenant_acme.open_deals']],
    tidy: () => 'drop view tenant_acme.open_deals'
  },
  'a view of the registry': {
    plant: ({ owner, app }) => `create view shared.everybody as select id from zakops_tenancy.tenants; alter view shared.everybody owner to ${owner}; grant select on shared.everybody to ${app}`,
    finds: [['view-owner-rights', 'fatal', 'shared.everybody']],
    tidy: () => 'drop view shared.everybody'
  },
  'a view of another tenant': {
    plant: ({ owner, app }) => `create view tenant_initech.theirs with (security_invoker = true) as select * from tenant_hooli.deals; alter view tenant_initech.theirs owner to ${owner}; grant select on tenant_initech.theirs to ${app}`,
    finds: [['view-across', 'fatal', 'tenant_initech.theirs'], ['rows-of-others', 'warning', 'tenant_initech.theirs']],
    repair: ({ app }) => `revoke select on tenant_initech.theirs from ${app}`,
    tidy: () => 'drop view tenant_initech.theirs'
  },
  'a materialized view': {
    plant: ({ owner, app }) => `create materialized view shared.totals as select tenant_id, count(*) from shared.deals group by 1; alter materialized view shared.totals owner to ${owner}; grant select on shared.totals to ${app}`,
    finds: [['materialized-view', 'fatal', 'shared.totals'], ['rows-of-others', 'fatal', 'shared.totals']],
    repair: ({ app }) => `revoke select on shared.totals from ${app}`,
    tidy: () => 'drop materialized view shared.totals'
  },
  'a materialized view of a view of another tenant': {
    plant: ({ owner, app }) => `create view tenant_acme.titles as select title from tenant_globex.deals; alter view tenant_acme.titles owner to ${owner};
      create materialized view tenant_acme.kept as select * from tenant_acme.titles; alter materialized view tenant_acme.kept owner to ${owner}; grant select on tenant_acme.kept to ${app}`,
    finds: [['materialized-view', 'fatal', 'tenant_acme.kept']],
    tidy: () => 'drop materialized view tenant_acme.kept; drop view tenant_acme.titles'
  },
  'a trigger that sets the tenant, with a function that nobody may call': {
    plant: ({ owner }) => `create function shared.moved() returns trigger language plpgsql as $$ begin perform set_config('app.tenant_id', 'vandelay', true); return new; end $$; revoke execute on function shared.moved() from public;
      alter function shared.moved() owner to ${owner}; create trigger moved after insert on shared.deals for each row execute function shared.moved()`,
    finds: [['function-sets-tenant', 'warning', 'shared.moved()']],
    tidy: () => 'drop function shared.moved()'
  },
  'a function that works as one tenant': {
    plant: ({ owner }) => `${count('shared', "set app.tenant_id = 'acme'")}; alter function shared.counted() owner to ${owner}`,
    finds: [['function-sets-tenant', 'fatal', 'shared.counted()']],
    tidy: () => 'drop function shared.counted()'
  },
  'a function that sets the tenant': {
    plant: ({ owner }) => `create function shared.become(text) returns text language sql as $$ select set_config('app.tenant_id', $1, true) $$; alter function shared.become(text) owner to ${owner}`,
    finds: [['function-sets-tenant', 'warning', 'shared.become(text)']],
    tidy: () => 'drop function shared.become(text)'
  },
  'a function that names another tenant': {
    plant: ({ owner }) => `create function tenant_initech.peek() returns bigint language plpgsql as $$ begin return (select count(*) from tenant_hooli.deals); end $$; alter function tenant_initech.peek() owner to ${owner}`,
    finds: [['function-names-tenant', 'warning', 'tenant_initech.peek()']],
    tidy: () => 'drop function tenant_initech.peek()'
  },
  'functions that set a tenant, put the name of a schema together, and notify everybody': {
    plant: ({ owner }) => `create function shared.hop() returns text return set_config('app.tenant_id', 'globex', true); alter function shared.hop() owner to ${owner};
      create function shared.peek(text) returns bigint language plpgsql as $$ declare n bigint; begin execute format('select count(*) from %I.deals', 'tenant_' || $1) into n; return n; end $$; alter function shared.peek(text) owner to ${owner};
      create function shared.tell() returns trigger language plpgsql as $$ begin perform pg_notify('deals', new.title); return new; end $$; alter function shared.tell() owner to ${owner}; create trigger tell after insert on shared.deals for each row execute function shared.tell()`,
    finds: [['function-sets-tenant', 'warning', 'shared.hop()'], ['function-names-tenant', 'warning', 'shared.peek(text)'], ['function-notifies', 'warning', 'shared.tell()']],
    repair: () => 'drop function shared.hop(), shared.peek(text); drop function shared.tell() cascade'
  },
  'a LEAKPROOF function': {
    plant: ({ owner }) => `create function shared.quiet(text) returns boolean language plpgsql leakproof as 'begin return true; end'; alter function shared.quiet(text) owner to ${owner}`,
    finds: [['function-leakproof', 'warning', 'shared.quiet(text)']],
    tidy: () => 'drop function shared.quiet(text)'
  },
  'a LEAKPROOF function of the server\'s that was not': { plant: () => 'alter function pg_catalog.textlike(text, text) leakproof', finds: [['function-leakproof', 'warning', 'textlike(text,text)']], as: 'admin' },
  'a function in front of the server\'s': { plant: ({ owner }) => `create function extensions.lower(varchar) returns text language sql return 'x'; alter function extensions.lower(varchar) owner to ${owner}`, finds: [['object-in-front', 'warning', 'extensions.lower(character varying)']] },
  'an operator in front of the server\'s': {
    plant: ({ owner }) => `create function extensions.same(text, varchar) returns boolean language sql return true; create operator extensions.= (leftarg = text, rightarg = varchar, function = extensions.same); alter operator extensions.= (text, varchar) owner to ${owner}`,
    finds: [['object-in-front', 'warning', 'extensions.=(text,character varying)']],
    tidy: () => 'drop function extensions.same(text, varchar)'
  },
  'a cast': { plant: () => 'create cast (text as integer) with inout as implicit', finds: [['object-in-front', 'warning', 'cast from text to integer']], as: 'admin' },
  'an event trigger': {
    plant: () => "create function public.watched() returns event_trigger language plpgsql as 'begin end'; create event trigger watched on ddl_command_end execute function public.watched()",
    finds: [['event-trigger', 'warning', 'watched']],
    as: 'admin',
    tidy: () => 'drop function public.watched()'
  },
  'a registry that tells nobody': { plant: () => 'alter table zakops_tenancy.tenants disable trigger tenants_changed', finds: [['control-object', 'warning', 'tenants_changed on zakops_tenancy.tenants']] },
  'a registry that takes two ids for one schema': { plant: () => 'alter index zakops_tenancy.tenants_own_place rename to some_index', finds: [['control-object', 'warning', 'tenants_own_place on zakops_tenancy.tenants']], repair: () => 'alter index zakops_tenancy.some_index rename to tenants_own_place' },
  'an extension that reaches out': { plant: () => 'create schema ext; create extension dblink schema ext', finds: [['extension-reaches-out', 'warning', 'dblink']], as: 'admin', tidy: () => 'drop schema ext' },
  'a foreign table': {
    plant: ({ owner, app }) => `create extension postgres_fdw schema public; create server elsewhere foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
      create foreign table shared.remote (id text) server elsewhere; alter foreign table shared.remote owner to ${owner}; grant select on shared.remote to ${app}; grant usage on foreign server elsewhere to ${app}`,
    finds: [['foreign-server', 'warning', 'elsewhere'], ['foreign-table', 'fatal', 'shared.remote'], ['extension-reaches-out', 'warning', 'postgres_fdw']],
    repair: () => 'drop foreign table shared.remote; drop server elsewhere; drop extension postgres_fdw'
  },
  'a publication': { plant: () => 'create publication everything for all tables', finds: [['publication', 'warning', 'publication everything']], as: 'admin' }
}

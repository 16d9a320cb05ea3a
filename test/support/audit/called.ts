import type { Fault } from './fault.ts'

const CALLED = "security definer set search_path = pg_catalog, pg_temp as 'select string_agg(title, chr(44)) from shared.deals'"

/** Faults of functions that something else calls, or that something else brought. */
export const CALLED_FAULTS: Readonly<Record<string, Fault>> = {
  'SECURITY DEFINER functions that nobody may call but an aggregate and a domain': {
    plant: ({ owner }) => `create schema hidden; create function hidden.step(text, text) returns text language sql ${CALLED}; revoke execute on function hidden.step(text, text) from public; create aggregate shared.peek(text) (sfunc = hidden.step, stype = text);
      create function hidden.titles() returns text language sql ${CALLED}; create domain shared.titles as text default hidden.titles(); alter domain shared.titles owner to ${owner}`,
    finds: [['function-definer', 'fatal', 'hidden.titles()'], ['function-definer', 'fatal', 'shared.peek(text)']],
    as: 'admin',
    tidy: () => 'drop aggregate shared.peek(text); drop domain shared.titles; drop schema hidden cascade'
  },
  'a SECURITY DEFINER function and a table of an extension': {
    plant: ({ owner, app }) => `create extension pg_trgm schema extensions; create function extensions.titles() returns text language sql ${CALLED}; alter extension pg_trgm add function extensions.titles();
      create table shared.jobs (tenant_id text not null, job text, primary key (tenant_id, job)); alter table shared.jobs owner to ${owner}; grant select, insert on shared.jobs to ${app}; alter extension pg_trgm add table shared.jobs`,
    finds: [['unprotected-table', 'fatal', 'shared.jobs'], ['extension-definer', 'warning', 'extensions.titles() of pg_trgm']],
    as: 'admin',
    tidy: () => 'drop extension pg_trgm'
  },
  'functions of another tenant that a table, a trigger and a view call': {
    plant: ({ owner, app }) => `create function tenant_initech.kept() returns trigger language plpgsql as 'begin insert into tenant_initech.deals (id, title) values (new.id, new.title); return new; end'; alter function tenant_initech.kept() owner to ${owner};
      create function tenant_initech.latest() returns text language sql stable as 'select max(title) from tenant_initech.deals'; alter function tenant_initech.latest() owner to ${owner};
      create function tenant_initech.is_good(text) returns boolean language sql immutable as 'select $1 is not null'; alter function tenant_initech.is_good(text) owner to ${owner};
      create trigger kept after insert on tenant_hooli.deals for each row execute function tenant_initech.kept(); alter table tenant_hooli.deals alter column title set default tenant_initech.latest(), add constraint good check (tenant_initech.is_good(title));
      create view tenant_hooli.newest with (security_invoker = true) as select tenant_initech.latest() as title; alter view tenant_hooli.newest owner to ${owner}; grant select on tenant_hooli.newest to ${app}`,
    finds: [
      ['function-across', 'warning', 'tenant_initech.is_good(text) on tenant_hooli.deals'], ['function-across', 'warning', 'tenant_initech.kept() on tenant_hooli.deals'],
      ['function-across', 'warning', 'tenant_initech.latest() on tenant_hooli.deals'], ['function-across', 'warning', 'tenant_initech.latest() on tenant_hooli.newest']
    ],
    repair: () => 'alter table tenant_hooli.deals alter column title drop default, drop constraint good; drop trigger kept on tenant_hooli.deals; drop view tenant_hooli.newest',
    tidy: () => 'drop function tenant_initech.kept(), tenant_initech.latest(), tenant_initech.is_good(text)'
  },
  'functions that notify one channel of everybody, with the tenant, and that remember': {
    plant: ({ owner }) => `create function shared.tell() returns trigger language plpgsql as $$ begin perform pg_notify('deals', new.tenant_id || new.title); return new; end $$; alter function shared.tell() owner to ${owner};
      create trigger tell after insert on shared.deals for each row execute function shared.tell();
      create trusted language plperl handler plpgsql_call_handler; create function shared.last() returns text language plperl as 'return $_SHARED{last}'; alter function shared.last() owner to ${owner}`,
    finds: [['function-keeps-state', 'warning', 'shared.last()'], ['function-notifies', 'warning', 'shared.tell()']],
    repair: () => 'drop function shared.tell() cascade; drop language plperl cascade'
  },
  'functions that leave a setting or a lock in the session, beside one that leaves nothing': {
    plant: ({ owner }) => `create function shared.as_user(text) returns text language sql begin atomic; select set_config('app.user_id', lower($1), false); end; alter function shared.as_user(text) owner to ${owner};
      create function shared.in_turn() returns trigger language plpgsql as $$ begin perform pg_advisory_lock(1); return new; end $$; alter function shared.in_turn() owner to ${owner};
      create trigger in_turn before insert on shared.deals for each row execute function shared.in_turn();
      create function shared.in_utc() returns void language plpgsql as $$ begin set timezone = 'UTC'; end $$; alter function shared.in_utc() owner to ${owner};
      create function shared.leaves_nothing(boolean) returns void language plpgsql as $$ begin set local timezone = 'UTC'; perform set_config('app.x', coalesce($1, false)::text, true);
        perform pg_advisory_xact_lock(1); perform pg_advisory_lock(2); perform pg_advisory_unlock(2); update shared.deals set stage = 'inbound', title = 'x' where false; end $$; alter function shared.leaves_nothing(boolean) owner to ${owner}`,
    finds: [['function-keeps-state', 'warning', 'shared.as_user(text)'], ['function-keeps-state', 'warning', 'shared.in_turn()'], ['function-keeps-state', 'warning', 'shared.in_utc()']],
    tidy: () => 'drop function shared.as_user(text), shared.in_turn(), shared.in_utc(), shared.leaves_nothing(boolean)'
  }
}

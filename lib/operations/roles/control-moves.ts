import { CONTROL_SCHEMA, TENANT_MOVED_CODE, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { CHECKED_TENANT_SQL } from './control-signing.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/** The advisory lock of a move, in SQL, for whoever has the number of the move in `move`. */
export function moveLockSql (move: string): string {
  return `pg_catalog.hashtextextended('zakops_tenancy.move.' || ${move}, 0)`
}

/**
 * Returns the statements that make what moves need. They can run again and again.
 *
 * `moves` is used where the registry is, the rest in the database that a tenant leaves. The application's role has no
 * rights on any of it: its writes reach the functions through triggers, which are there only while a tenant moves.
 */
export function moveStatements (appRole: string): readonly string[] {
  const app = quoteIdentifier(appRole)
  return [
    `create table if not exists ${control}.moves (
       tenant text primary key,
       id bigint generated always as identity,
       source jsonb not null,
       target jsonb not null,
       step text not null,
       started_at timestamptz not null default now(),
       switched_at timestamptz,
       details jsonb not null default '{}')`,
    `create table if not exists ${control}.move_changes (
       move bigint not null,
       seq bigint generated always as identity,
       name text not null,
       key jsonb not null,
       primary key (move, name, seq))`,
    gateStatement(),
    noteStatement(),
    `revoke all on function ${control}.move_gate(), ${control}.move_note() from public`,
    `revoke all on ${control}.moves, ${control}.move_changes from public, ${app}`
  ]
}

/**
 * In front of each statement that writes: waits while the mover has the lock, and refuses when the fence is closed. The
 * fence is a sequence because those are read outside of snapshots: a writer under REPEATABLE READ sees it too.
 *
 * Arguments: the move, and the tenant where others write to the same table.
 */
function gateStatement (): string {
  return `create or replace function ${control}.move_gate() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as ${quoteLiteral(`begin
      if tg_argv[1] <> '' and ${CHECKED_TENANT_SQL} is distinct from tg_argv[1] then return null; end if;
      perform pg_advisory_xact_lock_shared(${moveLockSql('tg_argv[0]')});
      if pg_sequence_last_value(('${CONTROL_SCHEMA}.move_' || tg_argv[0])::regclass) > 1 then
        raise exception 'the tenant has moved' using errcode = '${TENANT_MOVED_CODE}';
      end if;
      return null;
    end`)}`
}

/**
 * Behind each row that was written: notes its primary key. Arguments: the move, the table, and the columns of its key.
 */
function noteStatement (): string {
  const keyOf = (row: string): string => `(select coalesce(jsonb_object_agg(k, to_jsonb(${row}) -> k), '{}') from unnest(tg_argv[2:]) k)`
  return `create or replace function ${control}.move_note() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as ${quoteLiteral(`declare
      gone jsonb;
      come jsonb;
    begin
      if tg_op <> 'INSERT' then gone := ${keyOf('old')}; end if;
      if tg_op <> 'DELETE' then come := ${keyOf('new')}; end if;
      insert into ${CONTROL_SCHEMA}.move_changes (move, name, key)
        select tg_argv[0]::bigint, tg_argv[1], k from (select gone union select come) as keys(k) where k is not null;
      return null;
    end`)}`
}

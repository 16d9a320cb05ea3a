import { CONTROL_SCHEMA, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { AUDIT_TABLE, DELETIONS_TABLE, REGISTRY_CHANNEL } from '../../data/owner/index.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/** Returns the statements that make what the life of tenants needs: when one is deleted, what was done, and who hears of it. */
export function lifecycleStatements (appRole: string): readonly string[] {
  const app = quoteIdentifier(appRole)
  return [
    `alter table ${control}.tenants
       add column if not exists delete_after timestamptz,
       add column if not exists delete_started timestamptz`,
    `create table if not exists ${AUDIT_TABLE} (
       id bigint generated always as identity primary key,
       at timestamptz not null default pg_catalog.clock_timestamp(),
       session_role text not null default session_user,
       actor text,
       action text not null,
       tenant text,
       details jsonb not null default '{}')`,
    `create table if not exists ${DELETIONS_TABLE} (
       tenant text primary key,
       deleted_at timestamptz not null default pg_catalog.clock_timestamp(),
       record text not null,
       digest text not null check (digest = pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(record, 'UTF8')), 'hex')))`,
    ...appendOnlyStatements(),
    ...noticeStatements(),
    `revoke all on ${AUDIT_TABLE}, ${DELETIONS_TABLE} from public, ${app}`
  ]
}

/** What was written stays as it was written, for the owner too: only who may drop the trigger can change it, and that shows. */
function appendOnlyStatements (): readonly string[] {
  return [
    `create or replace function ${control}.refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as ${quoteLiteral(`begin
       raise exception 'this table is append-only' using errcode = 'insufficient_privilege';
     end`)}`,
    `revoke all on function ${control}.refuse_change() from public`,
    ...[AUDIT_TABLE, DELETIONS_TABLE].flatMap((table) => [
      `drop trigger if exists append_only on ${table}`,
      `create trigger append_only before update or delete or truncate on ${table} for each statement execute function ${control}.refuse_change()`,
      `alter table ${table} enable always trigger append_only`
    ])
  ]
}

/**
 * Running processes hear that a tenant was changed, and not which: whoever may listen must not learn of tenants. A tenant
 * that is being made has been served by nobody, so many that are made at once disturb nobody.
 */
function noticeStatements (): readonly string[] {
  const changed = ['status', 'strategy', 'schema', 'server', 'database', 'moving'].map((column) => `old.${column} is distinct from new.${column}`).join(' or ')
  const triggers = [
    ['tenants_update_noticed', 'after update', `for each row when (old.status <> 'provisioning' and (${changed}))`],
    ['tenants_delete_noticed', 'after delete', "for each row when (old.status <> 'provisioning')"],
    ['tenants_truncate_noticed', 'after truncate', 'for each statement']
  ] as const
  return [
    `create or replace function ${control}.notice_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as ${quoteLiteral(`begin
       perform pg_catalog.pg_notify(${quoteLiteral(REGISTRY_CHANNEL)}, '');
       return null;
     end`)}`,
    `revoke all on function ${control}.notice_change() from public`,
    ...triggers.flatMap(([name, when, each]) => [
      `drop trigger if exists ${name} on ${control}.tenants`,
      `create trigger ${name} ${when} on ${control}.tenants ${each} execute function ${control}.notice_change()`,
      `alter table ${control}.tenants enable always trigger ${name}`
    ])
  ]
}

import { CONTROL_SCHEMA, quoteIdentifier, quoteLiteral } from '../../words/names.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/** The mark of the instances in `single` mode: one row, whose tenant they serve. */
export const INSTANCE_TABLE = `${control}.instance`

/** The tenant of the mark, if there is one. */
export const INSTANCE_SQL = `select tenant from ${INSTANCE_TABLE}`

/** Leaves the mark, with TENANT_ID as `$1`, where there is none. */
export const MARK_INSTANCE_SQL = `insert into ${INSTANCE_TABLE} (tenant) values ($1) on conflict do nothing`

/**
 * Returns the statements that make the mark of `single` mode. They can run again and again.
 *
 * The first instance leaves the mark and every other one has to agree with it: two deployments that were given the same
 * database by mistake would otherwise both serve it. The application's role can leave it where there is none, and change
 * nothing; and only that of a tenant which the registry has, so that an instance which was started with a wrong TENANT_ID
 * does not keep the right one out. The trigger is SECURITY DEFINER because that role sees one row of the registry at most.
 */
export function instanceStatements (appRole: string): readonly string[] {
  const app = quoteIdentifier(appRole)
  return [
    `create table if not exists ${INSTANCE_TABLE} (
       only_row boolean primary key default true check (only_row),
       tenant text not null,
       claimed_at timestamptz not null default now())`,
    `create or replace function ${control}.check_instance() returns trigger language plpgsql security definer
       set search_path = pg_catalog, pg_temp as ${quoteLiteral(`begin
         if exists (select from ${control}.tenants t where t.id = new.tenant and t.status <> 'deleted') then return new; end if;
         return null;
       end`)}`,
    `revoke all on function ${control}.check_instance() from public`,
    `drop trigger if exists instance_checked on ${INSTANCE_TABLE}`,
    `create trigger instance_checked before insert on ${INSTANCE_TABLE} for each row execute function ${control}.check_instance()`,
    `revoke all on ${INSTANCE_TABLE} from public, ${app}`,
    `grant select, insert (tenant) on ${INSTANCE_TABLE} to ${app}`
  ]
}

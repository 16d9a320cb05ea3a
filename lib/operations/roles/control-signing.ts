import { SIGNING_STAGES } from '../../words/types.ts'
import { CONTEXT_REFUSED_CODE, CONTROL_SCHEMA, TENANT_SETTING, quoteIdentifier, quoteLiteral } from '../../words/names.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/** The tenant of the transaction in SQL, checked where it is signed; NULL where there is none. */
export const CHECKED_TENANT_SQL = `${control}.current_tenant()`

/**
 * Returns the statements that let a database check a signed tenant context, for the owner to run. They can run again and
 * again, and keep the keys.
 *
 * The application's role may call the function and read how far the database is, and sees no key.
 */
export function signingStatements (appRole: string): readonly string[] {
  const app = quoteIdentifier(appRole)
  return [
    `create table if not exists ${control}.signing (
       only_row boolean primary key default true check (only_row),
       stage text not null default 'off' check (stage in (${SIGNING_STAGES.map(quoteLiteral).join(', ')})))`,
    `insert into ${control}.signing default values on conflict do nothing`,
    // Without pads it is retired: its id is not used again.
    `create table if not exists ${control}.signing_keys (
       kid text primary key,
       ipad bytea,
       opad bytea,
       added_at timestamptz not null default now(),
       retired_at timestamptz)`,
    unsignedStatement(),
    checkStatement(),
    PATH_STATEMENT,
    `revoke all on ${control}.signing, ${control}.signing_keys from public, ${app}`,
    `revoke all on function ${CHECKED_TENANT_SQL}, ${control}.unsigned_tenant(pg_catalog.text) from public`,
    `grant select on ${control}.signing to ${app}`,
    `grant execute on function ${CHECKED_TENANT_SQL} to ${app}`
  ]
}

/**
 * The check. Every policy calls it once for a statement, so its time is what signing costs: one look for the key, and two
 * SHA-256, since HMAC is `sha256(outer pad || sha256(inner pad || text))` (RFC 2104).
 *
 * - Every name and operator is qualified: it runs as the owner, and may be on the caller's path.
 * - Only what is signed is read: the MAC is cut off first, and what stands in front of it with one character in between.
 * - Both MACs are hashed again before they are compared, so that the time of the comparison says nothing of them.
 * - It expires by the time at which the transaction began: what was valid once in a transaction is so until its end.
 */
function checkStatement (): string {
  return `create or replace function ${CHECKED_TENANT_SQL} returns pg_catalog.text language plpgsql stable security definer parallel safe
    as ${quoteLiteral(`declare
      given pg_catalog.text := pg_catalog.current_setting('${TENANT_SETTING}', true);
      signed pg_catalog.text := pg_catalog.left(given, -65);
      inner_pad pg_catalog.bytea;
      outer_pad pg_catalog.bytea;
    begin
      select k.ipad, k.opad into inner_pad, outer_pad from ${control}.signing_keys k where k.kid operator(pg_catalog.=) pg_catalog.split_part(signed, '.', 2);
      if ${isMacSql('inner_pad', 'outer_pad')} then
        if ${IS_CURRENT_SQL} then return pg_catalog.split_part(signed, '.', 4); end if;
      end if;
      return ${control}.unsigned_tenant(given);
    end`)}`
}

/**
 * From version 17 on, a path of its own spares the function a look at the caller's: it takes half the time. Before, setting a
 * path took longer than that.
 */
const PATH_STATEMENT = `do ${quoteLiteral(`begin
  if current_setting('server_version_num')::int >= 170000 then
    alter function ${CHECKED_TENANT_SQL} set search_path = pg_catalog, pg_temp;
  end if;
end`)}`

const hashOf = (text: string): string => `pg_catalog.sha256(pg_catalog.convert_to(${text}, 'UTF8'))`

/** Whether `given` ends with the MAC of `signed` under the key with these pads; NULL without them. */
function isMacSql (inner: string, outer: string): string {
  const mac = `pg_catalog.sha256(${outer} operator(pg_catalog.||) pg_catalog.sha256(${inner} operator(pg_catalog.||) pg_catalog.convert_to(signed, 'UTF8')))`
  return `${hashOf(`pg_catalog.encode(${mac}, 'hex')`)} operator(pg_catalog.=) ${hashOf('pg_catalog.right(given, 64)')}`
}

/** Whether it has not expired; only for what has the right MAC, or it may be no number. */
const IS_CURRENT_SQL = `pg_catalog.split_part(signed, '.', 3)::pg_catalog.float8
  operator(pg_catalog.>) pg_catalog.date_part('epoch', pg_catalog.transaction_timestamp())`

/**
 * What is not signed, or not as it should be. Nothing is NULL. A plain id is the owner's alone, who can change the policies
 * anyway: `session_user` is who logged in, and no SQL of the application's role changes it; before `required` it is
 * everybody's. The rest is an error, because an empty answer would look like a tenant without rows.
 */
function unsignedStatement (): string {
  return `create or replace function ${control}.unsigned_tenant(given pg_catalog.text) returns pg_catalog.text language plpgsql stable parallel safe
    as ${quoteLiteral(`declare
      signed pg_catalog.text := pg_catalog.left(given, -65);
      reason pg_catalog.text := 'it is not signed';
    begin
      if given is null or given operator(pg_catalog.=) '' then return null; end if;
      if pg_catalog.strpos(given, '.') operator(pg_catalog.=) 0 then
        if pg_catalog.pg_has_role(session_user, current_user, 'member') then return given; end if;
        if exists (select from ${control}.signing s where s.stage operator(pg_catalog.<>) 'required') then return given; end if;
      elsif not exists (select from ${control}.signing_keys k where k.kid operator(pg_catalog.=) pg_catalog.split_part(signed, '.', 2) and k.ipad is not null) then
        reason := 'its key is not known here, or was retired';
      elsif exists (select from ${control}.signing_keys k where k.kid operator(pg_catalog.=) pg_catalog.split_part(signed, '.', 2) and ${isMacSql('k.ipad', 'k.opad')}) then
        reason := 'it has expired: compare the clocks';
      else
        reason := 'it is not signed with its key';
      end if;
      raise exception 'the tenant context is refused: %', reason using errcode = '${CONTEXT_REFUSED_CODE}';
    end`)}`
}

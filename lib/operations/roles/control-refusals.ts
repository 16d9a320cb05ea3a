import { CONTROL_SCHEMA, quoteIdentifier, quoteLiteral } from '../../words/names.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/** The last requests that were refused, where the option `refusals` says `table`. */
export const REFUSALS_TABLE = `${control}.refusals`

/** How many are kept with a good token, and how many without. */
const MOST_KEPT = 10_000

/** The most bytes of one. */
const LONGEST = 8_192

/** Writes refusals, given as one JSON array. What the table would not take is left out, so that it takes the rest. */
export const NOTE_REFUSALS_SQL = `insert into ${REFUSALS_TABLE} (id, is_stranger, record)
  select r ->> 'errorId', (r ->> 'isStranger')::pg_catalog.bool, r from pg_catalog.jsonb_array_elements($1::pg_catalog.text::pg_catalog.jsonb) r
  where pg_catalog.octet_length(r::pg_catalog.text) <= ${LONGEST} on conflict do nothing`

/**
 * Returns the statements that make the table of refusals. They can run again and again.
 *
 * The application's role can only add to it, short records, and the newest are kept. Whoever has that role can fill it, and
 * nothing else: why it must not be believed as the audit log is. Requests without a good token, of which strangers can send as
 * many as they like, never push out those with one.
 */
export function refusalStatements (appRole: string): readonly string[] {
  const app = quoteIdentifier(appRole)
  const prune = (which: string): string => `delete from ${REFUSALS_TABLE} where ${which} and at < (
    select at from ${REFUSALS_TABLE} where ${which} order by at desc offset ${MOST_KEPT - 1} limit 1);`
  return [
    `create table if not exists ${REFUSALS_TABLE} (
       id text primary key check (id ~ '^[0-9a-f]{16}$'),
       at timestamptz not null default pg_catalog.clock_timestamp(),
       is_stranger boolean not null,
       record jsonb not null check (octet_length(record::text) <= ${LONGEST}))`,
    `create index if not exists refusals_by_age on ${REFUSALS_TABLE} (is_stranger, at desc)`,
    `create or replace function ${control}.prune_refusals() returns trigger language plpgsql security definer
       set search_path = pg_catalog, pg_temp as ${quoteLiteral(`begin
         ${prune('is_stranger')}
         ${prune('not is_stranger')}
         return null;
       end`)}`,
    `revoke all on function ${control}.prune_refusals() from public`,
    `drop trigger if exists refusals_pruned on ${REFUSALS_TABLE}`,
    `create trigger refusals_pruned after insert on ${REFUSALS_TABLE} for each statement execute function ${control}.prune_refusals()`,
    `revoke all on ${REFUSALS_TABLE} from public, ${app}`,
    `grant insert (id, is_stranger, record) on ${REFUSALS_TABLE} to ${app}`
  ]
}

import type { Sql } from 'postgres'

/**
 * Makes the function `extensions.prepared_like(text)`: how many statements the session has prepared whose text is like
 * that, and how often the one that was used least was planned or run. SQL of a tenant may not look by itself.
 */
export async function lookAtPrepared (admin: Sql): Promise<void> {
  await admin.unsafe(`
    create schema if not exists extensions;
    grant usage on schema extensions to public;
    create function extensions.prepared_like(pattern text) returns table (n int, uses int) language sql as $$
      select count(*)::int, min(generic_plans + custom_plans)::int from pg_prepared_statements where statement like pattern
    $$`)
}

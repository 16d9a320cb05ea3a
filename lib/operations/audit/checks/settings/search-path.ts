import type { Check } from '../../check.ts'

// reset_val is what a session begins with, whatever this transaction has set.
export const searchPathCheck: Check = {
  name: 'setting-search-path',
  severity: 'warning',
  isAtStart: true,
  message: 'Sessions of the role begin with a search path: SQL that runs without the tenant settings finds tables instead of failing.',
  sql: `
    select m.rolname as object, format('alter role %s in database %I set search_path = %L', m.name, current_database(), '') as repair
    from pg_settings s cross join me m
    where s.name = 'search_path' and s.reset_val not in ('', '""')`
}

import type { Check } from '../check.ts'

// reset_val is what a session begins with, whatever this transaction has set.
export const searchPathCheck: Check = {
  name: 'setting-search-path',
  severity: 'warning',
  message: 'Sessions of the role begin with a search path: SQL that runs without the tenant settings finds tables instead of failing.',
  sql: `
    select current_user::text as object,
      format('alter role %I in database %I set search_path = %L', current_user, current_database(), '') as repair
    from pg_settings s
    where s.name = 'search_path' and s.reset_val not in ('', '""')`
}

import { CONTROL_SCHEMA, quoteLiteral } from '../../../../words/names.ts'
import { bypassesSql } from '../words.ts'
import type { Check } from '../../check.ts'

export const triggerCheck: Check = {
  name: 'trigger-definer',
  severity: 'warning',
  isAtStart: false,
  message: 'A trigger on a table of tenants, or on what the role may write, runs with the rights of its function\'s owner: what it reads and writes is held by no grant of the application (R-04).',
  sql: `
    select format('%s on %s', quote_ident(t.tgname), r.name) as object, format('drop trigger %I on %s', t.tgname, r.name) as repair,
      case when ${bypassesSql('f.proowner')} then 'fatal' else 'warning' end as severity
    from pg_trigger t join rel r on r.oid = t.tgrelid join pg_proc f on f.oid = t.tgfoid join pg_namespace n on n.oid = f.pronamespace
    where not t.tgisinternal and f.prosecdef and (r.kind in ('tenant', 'shared', 'control') or r.writable) and not (n.nspname = ${quoteLiteral(CONTROL_SCHEMA)} and f.proowner = n.nspowner)`
}

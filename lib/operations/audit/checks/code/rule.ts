import type { Check } from '../../check.ts'

export const ruleCheck: Check = {
  name: 'table-rule',
  severity: 'warning',
  isAtStart: false,
  message: 'A rule rewrites what is sent to a table of tenants, or to what the role may write, with the rights of the table\'s owner.',
  sql: `
    select format('%s on %s', quote_ident(w.rulename), r.name) as object, format('drop rule %I on %s', w.rulename, r.name) as repair
    from pg_rewrite w join rel r on r.oid = w.ev_class where w.rulename <> '_RETURN' and (r.kind in ('tenant', 'shared', 'control') or r.writable)`
}

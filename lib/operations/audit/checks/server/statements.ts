import type { Check } from '../../check.ts'

export const statementsCheck: Check = {
  name: 'statement-statistics',
  severity: 'warning',
  isAtStart: false,
  message: 'The role reads pg_stat_statements: all tenants are one role, so each sees the SQL of the others, and how often it runs.',
  sql: `
    select r.oid::regclass as object, format('revoke all on %s from %s, public', r.oid::regclass, m.name) as repair
    from pg_class r join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = r.oid and d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass
    join pg_extension e on e.oid = d.refobjid cross join me m
    where e.extname in ('pg_stat_statements', 'pg_stat_monitor', 'pg_qualstats', 'pg_stat_kcache') and r.relkind in ('v', 'r') and has_table_privilege(r.oid, 'select')`
}

import type { Check } from '../../check.ts'

export const disabledCheck: Check = {
  name: 'foreign-key-disabled',
  severity: 'warning',
  isAtStart: false,
  message: 'Triggers of foreign keys are switched off: rows can refer to what is not there, or to what belongs to another tenant.',
  sql: `
    select r.name as object, format('alter table %s enable trigger all', r.name) as repair
    from rel r
    where r.relkind in ('r', 'p') and r.kind in ('tenant', 'shared', 'control') and exists (
      select 1 from pg_trigger t where t.tgrelid = r.oid and t.tgisinternal and t.tgenabled = 'D')`
}

import type { Check } from '../../check.ts'

// Shared tables with the policies are those of tenants that share them, which the same migrations make.
export const sameNameCheck: Check = {
  name: 'name-in-both',
  severity: 'warning',
  isAtStart: false,
  message: 'A relation of the tenants\' schemas has its name in the shared or extensions schema too: a statement on another path finds that one, and fails to notice.',
  sql: `
    select r.name as object, format('alter %s %s rename to %I', case r.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end, r.name, r.relname || '_shared') as repair
    from rel r cross join place p
    where r.kind in ('shared', 'extensions') and r.relkind <> 'S' and (r.kind = 'extensions' or r.attnum is null or not p.sharing)
      and exists (select 1 from rel t where t.kind = 'tenant' and t.relname = r.relname and t.relkind <> 'S')`
}

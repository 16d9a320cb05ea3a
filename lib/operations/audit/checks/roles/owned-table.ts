import type { Check } from '../../check.ts'

export const ownedTableCheck: Check = {
  name: 'role-owns-table',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role owns a table: it can switch the policies off, and without FORCE they do not hold it at all.',
  sql: `
    select r.name as object, format('alter %s %s owner to %s', case r.relkind when 'S' then 'sequence' else 'table' end, r.name, p.owner) as repair
    from rel r cross join place p join me m on m.oid = r.relowner`
}

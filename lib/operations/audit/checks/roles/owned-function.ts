import type { Check } from '../../check.ts'

export const ownedFunctionCheck: Check = {
  name: 'role-owns-function',
  severity: 'warning',
  isAtStart: false,
  message: 'The role owns a function: it can change how it runs, and give it to others.',
  sql: `
    select f.oid::regprocedure as object, format('alter routine %s owner to %s', f.oid::regprocedure, p.owner) as repair
    from pg_proc f join ns n on n.oid = f.pronamespace cross join place p join me m on m.oid = f.proowner`
}

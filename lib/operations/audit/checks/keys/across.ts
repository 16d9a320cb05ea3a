import type { Check } from '../../check.ts'

export const acrossCheck: Check = {
  name: 'foreign-key-across',
  severity: 'warning',
  isAtStart: false,
  message: 'A foreign key leads into the schema of another tenant: it tells which rows are there, and keeps that tenant from deleting them.',
  sql: `
    select format('%s on %s', quote_ident(k.conname), r.name) as object, format('alter table %s drop constraint %I', r.name, k.conname) as repair
    from pg_constraint k join rel r on r.oid = k.conrelid join rel t on t.oid = k.confrelid
    where k.contype = 'f' and t.kind = 'tenant' and t.relnamespace <> r.relnamespace`
}

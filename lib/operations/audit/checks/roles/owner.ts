import type { Check } from '../../check.ts'

// Where there is no registry yet, whoever owns a tenant's schema is as good as the owner.
export const ownerCheck: Check = {
  name: 'role-is-owner',
  severity: 'fatal',
  isAtStart: true,
  message: 'This is the role that owns the schemas: it can switch every policy off.',
  sql: `
    select m.rolname as object, '-- log in as the role that setUpDatabase() was given as app' as repair
    from me m where exists (
      select 1 from ns n where n.nspowner = m.oid
        and (n.kind = 'control' or (n.kind = 'tenant' and not exists (select 1 from ns c where c.kind = 'control'))))`
}

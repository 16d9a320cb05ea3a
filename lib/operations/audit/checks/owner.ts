import { CONTROL_SCHEMA, quoteLiteral } from '../../../words/names.ts'
import type { Check } from '../check.ts'

// Where there is no registry yet, whoever owns a tenant's schema is as good as the owner.
export const ownerCheck: Check = {
  name: 'role-is-owner',
  severity: 'fatal',
  message: 'This is the role that owns the schemas: it can switch every policy off.',
  sql: `
    select r.rolname::text as object, '-- log in as the role that setUpDatabase() was given as app' as repair
    from pg_roles r
    where r.rolname = current_user and exists (
      select 1 from pg_namespace n
      where n.nspowner = r.oid and (n.nspname = ${quoteLiteral(CONTROL_SCHEMA)} or (n.nspname like 'tenant\\_%'
        and not exists (select 1 from pg_namespace c where c.nspname = ${quoteLiteral(CONTROL_SCHEMA)}))))`
}

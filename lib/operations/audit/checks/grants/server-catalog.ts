import type { Check } from '../../check.ts'

export const serverCatalogCheck: Check = {
  name: 'server-catalog',
  severity: 'fatal',
  isAtStart: false,
  message: 'The role may read a catalog that is kept from everybody by default: statistics hold values of every tenant, others passwords.',
  sql: `
    select c.oid::regclass as object, format('revoke all on %s from %s, public', c.oid::regclass, m.name) as repair
    from pg_class c cross join me m
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relname in ('pg_statistic', 'pg_statistic_ext_data', 'pg_authid', 'pg_largeobject',
        'pg_subscription', 'pg_user_mapping', 'pg_hba_file_rules', 'pg_ident_file_mappings', 'pg_file_settings', 'pg_shadow', 'pg_backend_memory_contexts', 'pg_shmem_allocations')
      and not exists (select 1 from pg_auth_members a where a.member = m.oid)
      and (has_table_privilege(m.oid, c.oid, 'select') or (c.relname <> 'pg_subscription' and has_any_column_privilege(m.oid, c.oid, 'select')))`
}

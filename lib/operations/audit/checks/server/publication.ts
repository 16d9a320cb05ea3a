import type { Check } from '../../check.ts'

export const publicationCheck: Check = {
  name: 'publication',
  severity: 'warning',
  isAtStart: false,
  message: 'A publication, slot or subscription carries rows of all tenants past the policies (R-19).',
  sql: `
    select 'publication ' || p.pubname as object, format('drop publication %I', p.pubname) as repair from pg_publication p
    union all
    select 'replication slot ' || s.slot_name, format('select pg_drop_replication_slot(%L)', s.slot_name)
    from pg_replication_slots s where s.slot_type = 'logical' and s.database = current_database()
    union all
    select 'subscription ' || s.subname, format('drop subscription %I', s.subname)
    from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = current_database()`
}

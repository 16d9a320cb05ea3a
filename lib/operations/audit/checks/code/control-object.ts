import type { Check } from '../../check.ts'

export const controlObjectCheck: Check = {
  name: 'control-object',
  severity: 'warning',
  isAtStart: false,
  message: 'What keeps the registry in order is missing or switched off: processes do not hear of suspensions, or a log can be changed.',
  sql: `
    select format('%s on %s', w.name, r.name) as object, case when t.tgname is null then '-- run "zakops-tenancy init --yes"'
      else format('alter table %s enable always trigger %I', r.name, t.tgname) end as repair
    from (values ('tenants', 'tenants_changed'), ('tenants', 'tenants_truncated'), ('tenants', 'tenants_update_noticed'), ('tenants', 'tenants_delete_noticed'),
      ('tenants', 'tenants_truncate_noticed'), ('audit_log', 'append_only'), ('deletions', 'append_only')) w (relation, name)
    join rel r on r.kind = 'control' and r.relname = w.relation
    left join pg_trigger t on t.tgrelid = r.oid and t.tgname = w.name and not t.tgisinternal
    where t.tgenabled is distinct from 'A'
    union all
    select format('%s on %s', w.name, r.name), '-- run "zakops-tenancy init --yes"'
    from (values ('tenants_lower_id'), ('tenants_own_place')) w (name) join rel r on r.kind = 'control' and r.relname = 'tenants'
    where not exists (select 1 from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = r.oid and i.relname = w.name and x.indisunique and x.indisvalid)`
}

import { CONTROL_SCHEMA, TENANT_COLUMN, TENANT_SETTING, quoteLiteral } from '../../../../words/names.ts'
import { ISOLATION_POLICY } from '../../../policies/index.ts'
import { sourceSql } from '../words.ts'
import { PROTECT_SQL } from './protection.ts'
import type { Check } from '../../check.ts'

/** Whether a text has something in quotes besides the tenant setting and '': a tenant, a role, a date or another setting. */
const namesMoreSql = (text: string): string => `regexp_replace(${text}, ${quoteLiteral(`'(${TENANT_SETTING.replace('.', '[.]')})?'`)}, '', 'g') like '%''%'`

// Rows that are made up have nothing in their other columns, and are tried with no other setting and as no other role, so
// trying the policy does not show it.
export const asksMoreCheck: Check = {
  name: 'policy-asks-more',
  severity: 'warning',
  isAtStart: false,
  message: 'The isolation policy asks for more than the tenant: another column, table, setting, role or fixed value can open a row to everybody. Narrow with a restrictive policy of its own instead.',
  sql: `
    select r.name as object, ${PROTECT_SQL} as repair
    from rel r join pg_policy o on o.polrelid = r.oid and o.polname = ${quoteLiteral(ISOLATION_POLICY)}
    where r.relkind in ('r', 'p') and r.attnum is not null and (${namesMoreSql('pg_get_expr(o.polqual, o.polrelid)')}
      or exists (select 1 from pg_depend d left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_policy'::regclass and d.objid = o.oid and d.refclassid = 'pg_class'::regclass and d.deptype = 'n'
          and (d.refobjid <> r.oid or a.attname is distinct from ${quoteLiteral(TENANT_COLUMN)}))
      or exists (select 1 from pg_depend d join pg_proc f on f.oid = d.refobjid join pg_namespace n on n.oid = f.pronamespace
        where d.classid = 'pg_policy'::regclass and d.objid = o.oid and d.refclassid = 'pg_proc'::regclass and n.nspname <> ${quoteLiteral(CONTROL_SCHEMA)}
          and ${namesMoreSql(sourceSql('f'))}))`
}

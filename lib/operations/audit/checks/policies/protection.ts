import { CONTROL_SCHEMA, TENANT_COLUMN, TENANT_SETTING, quoteLiteral } from '../../../../words/names.ts'
import { HAS_CITUS_SQL, ISOLATION_POLICY, citusPolicyStatements, forceStatements, isCitusPolicySql, policyStatements } from '../../../policies/index.ts'
import { CHECKED_TENANT_SQL } from '../../../roles/index.ts'
import { CHECKED_IN_WORDS } from '../../../signing/index.ts'

/** Whether the policy `p` checks what is signed. */
export const IS_SIGNED_SQL = `strpos(pg_get_expr(p.polqual, p.polrelid), ${quoteLiteral(CHECKED_IN_WORDS)}) > 0`

/**
 * Whether the table `c` has forced row security with the isolation policy, for every command and role – restrictive, or on
 * Citus the only one – and the policy asks for the tenant at all. What it makes of the answer is tried, and not read. Putting
 * an expression into words is what costs here, so each is put once.
 */
export const IS_PROTECTED_SQL = `c.relrowsecurity and c.relforcerowsecurity and exists (
  select 1 from (
    select pg_get_expr(p.polqual, p.polrelid) as uses, pg_get_expr(p.polwithcheck, p.polrelid) as checks from pg_policy p
    where p.polrelid = c.oid and p.polname = ${quoteLiteral(ISOLATION_POLICY)}
      and p.polcmd = '*' and p.polroles = '{0}' and case when ${HAS_CITUS_SQL} then ${isCitusPolicySql('p')} else not p.polpermissive end
    offset 0) p
  where p.uses = p.checks and (strpos(p.uses, ${quoteLiteral(TENANT_SETTING)}) > 0 or strpos(p.uses, ${quoteLiteral(`${CONTROL_SCHEMA}.`)}) > 0))`

const templateOf = (statements: (table: string, columnType: string, tenantSql?: string) => readonly string[], tenantSql?: string): string =>
  quoteLiteral([...statements('%1$s', '%2$s', tenantSql), ...forceStatements('%1$s')].join('; '))

// A column of a policy keeps its type until the policy is gone.
const exactTemplate = quoteLiteral([...policyStatements('%1$s', '%2$s').slice(0, 2), `alter table %1$s alter column ${TENANT_COLUMN} type text collate "C"; `].join('; '))

/** The SQL that protects the table `r`. */
export const PROTECT_SQL = `case
  when r.attnum is null then '-- it has no column ${TENANT_COLUMN}: add it, or move the table away; then run migrate()'
  else format(case when r.inexact then ${exactTemplate} else '' end || case when ${HAS_CITUS_SQL} then ${templateOf(citusPolicyStatements)} when (select signing from place) then ${templateOf(policyStatements, CHECKED_TENANT_SQL)} else ${templateOf(policyStatements)} end, r.name, case when r.inexact then 'text' else format_type(r.atttypid, -1) end) end`

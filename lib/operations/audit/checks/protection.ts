import { TENANT_COLUMN, TENANT_SETTING, quoteLiteral } from '../../../words/names.ts'
import { ISOLATION_POLICY, forceStatements, policyStatements } from '../../policies/index.ts'

/** Whether the table `c` has forced row security with the restrictive policy, for every command and role. */
export const IS_PROTECTED_SQL = `c.relrowsecurity and c.relforcerowsecurity and exists (
  select 1 from pg_policy p
  where p.polrelid = c.oid and p.polname = ${quoteLiteral(ISOLATION_POLICY)}
    and not p.polpermissive and p.polcmd = '*' and p.polroles = '{0}'
    and pg_get_expr(p.polqual, p.polrelid) = pg_get_expr(p.polwithcheck, p.polrelid)
    and strpos(pg_get_expr(p.polqual, p.polrelid), ${quoteLiteral(TENANT_SETTING)}) > 0)`

/** The tenant column `a` of the table `c`, or nulls. */
export const TENANT_COLUMN_JOIN_SQL = `left join pg_attribute a
  on a.attrelid = c.oid and a.attname = ${quoteLiteral(TENANT_COLUMN)} and a.attnum > 0 and not a.attisdropped`

const protectTemplate = [...policyStatements('%1$s', '%2$s'), ...forceStatements('%1$s')].join('; ')

/** The SQL that protects the table `c` of the schema `n`. */
export const PROTECT_SQL = `case
  when a.attname is null then '-- it has no column ${TENANT_COLUMN}: add it, or move the table away; then run migrate()'
  else format(${quoteLiteral(protectTemplate)}, format('%I.%I', n.nspname, c.relname), format_type(a.atttypid, -1)) end`

import type { TransactionSql } from 'postgres'
import { quoteIdentifier } from '../../words/names.ts'
import type { SetUpRequest } from './request.ts'

/**
 * Returns what lists, as `privilege`, by which rights the role with the oid `role` can change a setting inside of a statement:
 * `set_config` under any name, which an update of pg_settings calls too; the languages of DO; and xml2's function that runs any
 * text. All others that run a text run it read-only, which `set` is not.
 */
export const openSettingsSql = (role: string): string => `
  select 'execute on function ' || f.oid::regprocedure as privilege from pg_catalog.pg_proc f
  where f.prosrc in ('set_config_by_name', 'xpath_table') and pg_catalog.has_function_privilege(${role}, f.oid, 'execute')
  union all
  select 'usage on language ' || pg_catalog.quote_ident(l.lanname) from pg_catalog.pg_language l
  where l.laninline <> 0 and l.lanpltrusted and pg_catalog.has_language_privilege(${role}, l.oid, 'usage')`

/**
 * Takes every way to change a setting inside of a statement from the application's role and from everybody; the owner and the
 * operator keep them. A role that may not do it is only warned by the server, so what is left is looked at.
 */
export async function lockSettings (tx: TransactionSql, { owner, app, operator }: SetUpRequest): Promise<void> {
  const trusted = [owner, ...(operator === undefined ? [] : [operator])].map(({ name }) => quoteIdentifier(name)).join(', ')
  for (const privilege of await openTo(tx, app.name)) {
    await tx.unsafe(`grant ${privilege} to ${trusted}; revoke ${privilege} from public, ${quoteIdentifier(app.name)}`)
  }
  const [left] = await openTo(tx, app.name)
  if (left !== undefined) throw new Error(`the application's role keeps "${left}": only a superuser takes it from everybody; leave "locked" out, or use signing, which needs none`)
}

async function openTo (tx: TransactionSql, role: string): Promise<readonly string[]> {
  const rows = await tx.unsafe(`select o.privilege from pg_catalog.pg_roles r cross join lateral (${openSettingsSql('r.oid')}) o where r.rolname = $1`, [role])
  return rows.map(({ privilege }) => String(privilege))
}

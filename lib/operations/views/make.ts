import type { Sql, TransactionSql } from 'postgres'
import { OperatorMissingError, OptionsInvalidError, ViewsFailedError } from '../../words/errors/index.ts'
import { parseSchemaName, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, noteAction, readOperator, withOwner } from '../../data/owner/index.ts'
import { listTenants } from '../../data/registry/index.ts'
import { roleAt } from '../roles/index.ts'
import { unionQueries } from './tables.ts'

/** Where the views go, and who asked for them. */
export interface ViewsRequest {
  /** A schema of its own: it is made if it is not there. */
  readonly schema: string
  readonly actor?: string
}

const MARK = 'zakops-tenancy: views across tenants'

/**
 * Makes a schema with one view for each table name: the rows of every tenant that is active or suspended in the database of
 * the registry, with its id as the first column `tenant_id`. Made anew, it has the tenants and tables of then.
 *
 * Only the operator's role may read them, and by its own rights (`security_invoker`): whoever else got hold of a view would
 * be held by the grants and policies of the tables all the same.
 *
 * The SQL sent: create view reports."deals" with (security_invoker) as
 *   select 'acme'::text as tenant_id, id, title from "tenant_acme".deals union all select tenant_id::text, id, title from shared.deals …
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the schema cannot be used.
 * @throws {OperatorMissingError} FST_TENANCY_OPERATOR_MISSING — the database was set up without an operator.
 * @throws {ViewsFailedError} FST_TENANCY_OPERATOR_VIEWS_FAILED — `cause` says why.
 */
export async function createTenantViews (config: TenancyConfig, { schema, actor }: ViewsRequest): Promise<readonly string[]> {
  const name = parseSchemaName(schema)
  if (name === config.sharedSchema || name === config.extensionsSchema) throw new OptionsInvalidError('- schema must be one of its own, not the shared or the extensions schema.')
  return withOwner(config, async (sql) => {
    try {
      await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
        await prepareSchema(tx, config, name)
        await noteAction(tx, { action: 'createTenantViews', actor, details: { schema: name } })
      })
      return await makeViews(sql, config, name)
    } catch (cause) {
      throw cause instanceof OperatorMissingError ? cause : new ViewsFailedError({ cause })
    }
  })
}

/** Makes every schema of views anew without one tenant, so that nothing depends on its tables. */
export async function leaveOutOfViews (config: TenancyConfig, tenantId: TenantId): Promise<void> {
  await withOwner(config, async (sql) => {
    const schemas = await sql`
      select n.nspname as name from pg_catalog.pg_namespace n
      where pg_catalog.obj_description(n.oid, 'pg_namespace') = ${MARK} and n.nspowner = (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user)`
    for (const row of schemas) await makeViews(sql, config, String(row['name']), tenantId)
  })
}

async function prepareSchema (tx: TransactionSql, config: TenancyConfig, name: string): Promise<void> {
  const operator = await readOperator(tx)
  if (operator === undefined) throw new OperatorMissingError()
  const [found] = await tx`
    select pg_catalog.obj_description(n.oid, 'pg_namespace') as mark, exists (select 1 from pg_catalog.pg_class c where c.relnamespace = n.oid) as filled
    from pg_catalog.pg_namespace n where n.nspname = ${name}`
  if (found?.['filled'] === true && found['mark'] !== MARK) throw new Error('the schema holds something that is not ours: give the views a schema of their own')
  const schema = quoteIdentifier(name)
  await tx.unsafe(`create schema if not exists ${schema}`)
  await tx.unsafe(`comment on schema ${schema} is ${quoteLiteral(MARK)}`)
  await tx.unsafe(`revoke all on schema ${schema} from public, ${quoteIdentifier(roleAt(config, HOME))}`)
  await tx.unsafe(`grant usage on schema ${schema} to ${quoteIdentifier(operator)}`)
}

/** A transaction for each view: all of them at once would not fit into the lock table. */
async function makeViews (sql: Sql, config: TenancyConfig, schema: string, without?: TenantId): Promise<readonly string[]> {
  const limits = { lock: config.timeouts.acquire }
  const { operator, queries } = await inTransaction(sql, limits, async (tx) => ({
    operator: await readOperator(tx),
    queries: await unionQueries(tx, (await listTenants(tx, config)).filter((tenant) => isHere(tenant) && tenant.id !== without))
  }))
  const old = await sql`select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = ${schema} and c.relkind = 'v'`
  for (const name of new Set([...old.map((row) => String(row['name'])), ...queries.keys()])) {
    const view = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
    const query = queries.get(name)
    await inTransaction(sql, limits, async (tx) => {
      await tx.unsafe(`drop view if exists ${view}`)
      if (query === undefined) return
      await tx.unsafe(`create view ${view} with (security_invoker = true) as ${query}`)
      if (operator !== undefined) await tx.unsafe(`grant select on ${view} to ${quoteIdentifier(operator)}`)
    })
  }
  return [...queries.keys()]
}

function isHere ({ server, database, status }: Tenant): boolean {
  return server === HOME.server && database === HOME.database && (status === 'active' || status === 'suspended')
}

import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'
import type { IsolationStrategy } from '../../data/isolation/index.ts'
import { type TenantTable, addMissingColumns, completeColumns, mendDefaults } from './column.ts'
import { grantOnSchema } from './grants.ts'
import { claimTables } from './own-rows.ts'
import { readTenantSql } from './current-tenant.ts'
import { protectTables } from './protect.ts'
import { PLAIN_TENANT_SQL } from './statement.ts'
import { readTables } from './tables.ts'

/** The schema that is to be protected. */
export interface PolicyRequest {
  readonly schema: string
  readonly strategy: IsolationStrategy
  /** The application's role, which gets the rights on rows and no others. */
  readonly appRole: string
  /** The tenants whose rows are in the schema: each id must survive a cast to the type of the tenant column. */
  readonly tenantIds: readonly TenantId[]
}

/**
 * Brings the policies and grants of every table of a schema up to date, in a transaction of the owner that runs with
 * the tenant settings.
 *
 * Under `schema+rls` a table without the column `tenant_id` gets it, and a check that it holds this tenant's id alone;
 * under `rls` such a table is refused, and one without an index on the column gets it. Policies that are right stay as they are, because making them anew locks the table.
 * Other people's policies stay too: the restrictive one holds beside them.
 *
 * Under `schema` and `database` a tenant column that a migration has gets the default alone.
 *
 * Where the database is to have signed tenant settings, `zakops_tenancy.current_tenant()` stands in place of the setting.
 *
 * The SQL sent, for each table where it differs:
 *   alter table … add constraint tenancy_tenant check (tenant_id = 'acme'); -- schema+rls
 *   alter table … alter column tenant_id set default nullif(current_setting('app.tenant_id', true), ''), …set not null;
 *   create policy tenancy_grant on … as permissive for all using (true) with check (true);
 *   create policy tenancy_isolation on … as restrictive for all
 *     using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::text)) with check (…the same);
 *   alter table … enable row level security, …force row level security;
 *   grant select, insert, update, delete on … to <application role>
 *
 * @throws {PolicyColumnError} FST_TENANCY_POLICY_COLUMN_MISSING — a table has no usable tenant column.
 */
export async function applyPolicies (tx: TransactionSql, request: PolicyRequest): Promise<void> {
  const { schema, strategy } = request
  const tenantSql = await readTenantSql(tx)
  if (strategy.hasPolicies) {
    if (strategy.hasOwnSchema) await addMissingColumns(tx, await readTables(tx, schema), tenantSql)
    const tables = await completeColumns(tx, schema, request.tenantIds, tenantSql)
    if (strategy.hasOwnSchema) await claimTables(tx, tables, request.tenantIds)
    else await indexColumns(tx, tables)
    await protectTables(tx, schema, tables, tenantSql)
  } else {
    await mendDefaults(tx, await readTables(tx, schema), tenantSql)
  }
  await grantOnSchema(tx, { ...request, isSigned: tenantSql !== PLAIN_TENANT_SQL })
}

/**
 * Lets the owner see and change the rows of all tenants until {@link applyPolicies} runs in the same transaction, so
 * that a migration of shared tables reaches every row. Nobody else sees a table in between: it is locked.
 */
export async function liftForce (tx: TransactionSql, schema: string): Promise<void> {
  for (const table of await readTables(tx, schema)) {
    if (table.isForced) await tx.unsafe(`alter table ${table.quoted} no force row level security`)
  }
}

async function indexColumns (tx: TransactionSql, tables: readonly TenantTable[]): Promise<void> {
  for (const table of tables) {
    // A partition's index comes with its parent's.
    if (table.isIndexed || table.isChild) continue
    await tx.unsafe(`create index on ${table.quoted} (${quoteIdentifier(TENANT_COLUMN)})`)
  }
}

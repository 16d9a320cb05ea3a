import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { rowGrants, serviceRoles } from './grants.ts'
import type { AdoptedTable, AdoptionJob } from './job.ts'

// The service goes on as it is while its tables are somewhere else: a view stands in the place of each. The view belongs to a role that
// nobody logs in as and that row security does not hold; the service has no tenant context, so from "enforce" on the view's own condition keeps it to the one tenant.

/** Makes the role that the views belong to. */
export async function makeBridge (tx: TransactionSql, { bridge }: AdoptionJob): Promise<void> {
  const [found] = await tx`select 1 from pg_catalog.pg_roles where rolname = ${bridge}`
  if (found === undefined) await tx.unsafe(`create role ${quoteIdentifier(bridge)} nologin nosuperuser nocreatedb nocreaterole noreplication bypassrls`)
}

/** Drops the role with what it still has here. */
export async function dropBridge (tx: TransactionSql, { bridge }: AdoptionJob): Promise<void> {
  const [found] = await tx`select 1 from pg_catalog.pg_roles where rolname = ${bridge}`
  if (found === undefined) return
  await tx.unsafe(`drop owned by ${quoteIdentifier(bridge)}`)
  await tx.unsafe(`drop role ${quoteIdentifier(bridge)}`)
}

/**
 * Puts a view in the old place of a table that has left it: with the old columns, in their order, so that prepared statements go
 * on with what they were prepared for.
 */
export async function putView (tx: TransactionSql, job: AdoptionJob, table: AdoptedTable): Promise<void> {
  await tx.unsafe([
    `grant select, insert, update, delete on ${table.to} to ${quoteIdentifier(job.bridge)}`,
    viewStatement(job, table, false),
    `alter view ${table.from} owner to ${quoteIdentifier(job.bridge)}`,
    ...rowGrants(table.from, table.original)
  ].join(';\n'))
}

/** Lets the view of a table show rows of the one tenant alone, or, as in the beginning, whatever there is. */
export async function filterView (tx: TransactionSql, job: AdoptionJob, table: AdoptedTable, isFiltered: boolean): Promise<void> {
  await tx.unsafe(viewStatement(job, table, isFiltered))
}

function viewStatement (job: AdoptionJob, { from, to, original, isTenants }: AdoptedTable, isFiltered: boolean): string {
  const columns = original.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const select = `select ${columns} from ${to}`
  if (!isFiltered || !isTenants || !job.strategy.hasPolicies) return `create or replace view ${from} as ${select}`
  // A barrier: a function or cast of the service that tells what it is given would otherwise be given the rows of others.
  return `create or replace view ${from} with (security_barrier = true) as ${select} where ${quoteIdentifier(TENANT_COLUMN)} = ${quoteLiteral(job.tenant)} with cascaded check option`
}

/**
 * The value of the tenant column where nobody gives it: for the service, which has no context, the one tenant, and for everybody else the
 * tenant of the context. The application's role is never among the service's. The service may not ask for what is signed, and does not.
 */
export function bridgedDefault ({ state, tenant }: AdoptionJob, current: string): string {
  const roles = serviceRoles(state.original).map(quoteLiteral).join(', ')
  return `case when current_user in (${roles}) then ${quoteLiteral(tenant)} else ${current} end`
}

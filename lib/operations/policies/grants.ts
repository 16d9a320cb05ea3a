import type { TransactionSql } from 'postgres'
import { quoteIdentifier } from '../../words/names.ts'
import type { IsolationStrategy } from '../../data/isolation/index.ts'

/** Whose rights on which schema. */
export interface GrantRequest {
  readonly schema: string
  readonly strategy: IsolationStrategy
  readonly appRole: string
}

const ROW_RIGHTS = 'select, insert, update, delete'

// TRUNCATE ignores policies; REFERENCES tells whether a row exists; TRIGGER runs code as another role.
const TABLE_RIGHTS = 'truncate, references, trigger'

/**
 * Gives the application's role the rights on rows, and takes every other right from it and from everybody.
 *
 * A materialized view keeps rows that no policy filters: it is readable in a schema of the tenant's own, and not
 * in the shared one. Foreign tables get nothing.
 */
export async function grantOnSchema (tx: TransactionSql, request: GrantRequest): Promise<void> {
  const schema = quoteIdentifier(request.schema)
  const app = quoteIdentifier(request.appRole)
  const statements = [
    `revoke all on schema ${schema} from public`,
    `revoke create on schema ${schema} from ${app}`,
    `grant usage on schema ${schema} to ${app}`,
    `revoke all on all tables in schema ${schema} from public`,
    `revoke ${TABLE_RIGHTS} on all tables in schema ${schema} from ${app}`,
    `revoke all on all sequences in schema ${schema} from public`,
    `grant usage on all sequences in schema ${schema} to ${app}`
  ]
  const relations = await readRelations(tx, request.schema)
  for (const { quoted, kind } of relations) {
    if (kind === 'm') statements.push(materializedViewStatement(quoted, app, request.strategy))
    else statements.push(`grant ${ROW_RIGHTS} on ${quoted} to ${app}`)
  }
  await tx.unsafe(statements.join(';\n'))
}

function materializedViewStatement (quoted: string, app: string, strategy: IsolationStrategy): string {
  return strategy.hasOwnSchema ? `grant select on ${quoted} to ${app}` : `revoke all on ${quoted} from ${app}`
}

/** Tables, partitions, views and materialized views. */
async function readRelations (tx: TransactionSql, schema: string): Promise<readonly { readonly quoted: string, readonly kind: string }[]> {
  const rows = await tx`
    select c.relname as name, c.relkind as kind from pg_catalog.pg_class c
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema})
      and c.relkind in ('r', 'p', 'v', 'm')
    order by c.oid`
  return rows.map((row) => ({
    quoted: `${quoteIdentifier(schema)}.${quoteIdentifier(String(row['name']))}`,
    kind: String(row['kind'])
  }))
}

import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier } from '../../words/names.ts'
import { isInSchemaSql, readOperator, sendAll } from '../../data/owner/index.ts'
import type { IsolationStrategy } from '../../data/isolation/index.ts'
import { IS_REFERENCE_SQL } from './reference.ts'

/** Whose rights on which schema. */
export interface GrantRequest {
  readonly schema: string
  readonly strategy: IsolationStrategy
  readonly appRole: string
  /** Whether what keeps tenants apart here is to hold whatever the SQL is. */
  readonly isSigned: boolean
}

const ROW_RIGHTS = 'select, insert, update, delete'

// TRUNCATE ignores policies; REFERENCES tells whether a row exists; TRIGGER runs code as another role.
const TABLE_RIGHTS = 'truncate, references, trigger'

/**
 * Gives the application's role the rights on rows, and takes every other right from it and from everybody.
 *
 * A materialized view keeps rows that no policy filters: it is readable in a schema of the tenant's own, and not
 * in the shared one, nor where policies have to hold against SQL that names another schema. Foreign tables get nothing. Tables that every tenant reads are changed by none.
 */
export async function grantOnSchema (tx: TransactionSql, request: GrantRequest): Promise<void> {
  const schema = quoteIdentifier(request.schema)
  const app = quoteIdentifier(request.appRole)
  const relations = await readRelations(tx, request.schema)
  const names = namesOf(relations)
  const statements = [
    `revoke all on schema ${schema} from public`,
    `revoke create on schema ${schema} from ${app}`,
    `grant usage on schema ${schema} to ${app}`,
    ...names.tables.flatMap((tables) => [`revoke all on ${tables} from public`, `revoke ${TABLE_RIGHTS} on ${tables} from ${app}`]),
    ...names.sequences.flatMap((sequences) => [`revoke all on sequence ${sequences} from public`, `grant usage on sequence ${sequences} to ${app}`])
  ]
  if (request.isSigned) statements.push(...(await identitySequences(tx, request.schema)).map((sequence) => `revoke all on sequence ${sequence} from ${app}`))
  const operator = await readOperator(tx)
  if (operator !== undefined) statements.push(...operatorStatements(schema, quoteIdentifier(operator), names))
  for (const { quoted, kind, isReference } of relations) {
    if (isReference) statements.push(`revoke all on ${quoted} from ${app}`, `grant select on ${quoted} to ${app}`)
    else if (kind === 'm') statements.push(materializedViewStatement(quoted, app, request))
    else if (kind !== 'f' && kind !== 'S') statements.push(`grant ${ROW_RIGHTS} on ${quoted} to ${app}`)
  }
  await sendAll(tx, statements)
}

/** The operator's role is held by no policy, and only its own connections have it. */
function operatorStatements (schema: string, operator: string, { tables, sequences }: Names): readonly string[] {
  return [
    `grant usage on schema ${schema} to ${operator}`,
    ...tables.map((names) => `grant ${ROW_RIGHTS} on ${names} to ${operator}`),
    ...sequences.map((names) => `grant usage on sequence ${names} to ${operator}`)
  ]
}

/** One list each, or none. */
interface Names {
  readonly tables: readonly string[]
  readonly sequences: readonly string[]
}

/**
 * Returns all tables and all sequences, as one list each, or none. By name: for "all tables in schema" the server looks at the relations of
 * every schema, which takes longer with each tenant.
 */
function namesOf (relations: readonly Relation[]): Names {
  const listOf = (wanted: readonly Relation[]): readonly string[] => wanted.length === 0 ? [] : [wanted.map(({ quoted }) => quoted).join(', ')]
  return { tables: listOf(relations.filter(({ kind }) => kind !== 'S')), sequences: listOf(relations.filter(({ kind }) => kind === 'S')) }
}

/** Takes every right on the schema and its rows from the application's role. */
export async function revokeOnSchema (tx: TransactionSql, schemaName: string, appRole: string): Promise<void> {
  const schema = quoteIdentifier(schemaName)
  const kinds = ['tables', 'sequences'].map((kind) => `revoke all on all ${kind} in schema ${schema} from ${quoteIdentifier(appRole)}`)
  await sendAll(tx, [`revoke all on schema ${schema} from ${quoteIdentifier(appRole)}`, ...kinds])
}

function materializedViewStatement (quoted: string, app: string, { strategy, isSigned }: GrantRequest): string {
  return strategy.hasOwnSchema && !(isSigned && strategy.hasPolicies) ? `grant select on ${quoted} to ${app}` : `revoke all on ${quoted} from ${app}`
}

/**
 * Returns the sequences of identity columns, quoted. Rows get their numbers without a right on them; with one, SQL could draw from
 * another tenant's.
 */
async function identitySequences (tx: TransactionSql, schema: string): Promise<readonly string[]> {
  const rows = await tx`
    select c.relname as name from pg_catalog.pg_class c
    join pg_catalog.pg_depend i on i.classid = 'pg_catalog.pg_class'::regclass and i.objid = c.oid and i.deptype = 'i'
    where ${tx.unsafe(isInSchemaSql('c', schema))} and c.relkind = 'S'`
  return rows.map((row) => `${quoteIdentifier(schema)}.${quoteIdentifier(String(row['name']))}`)
}

interface Relation {
  readonly quoted: string
  readonly kind: string
  readonly isReference: boolean
}

/** Tables, partitions, views, materialized views, foreign tables and sequences. */
async function readRelations (tx: TransactionSql, schema: string): Promise<readonly Relation[]> {
  const rows = await tx`
    select c.relname as name, c.relkind as kind, c.relkind in ('r', 'p') and ${tx.unsafe(IS_REFERENCE_SQL)} as reference from pg_catalog.pg_class c
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = ${TENANT_COLUMN} and a.attnum > 0 and not a.attisdropped
    where ${tx.unsafe(isInSchemaSql('c', schema))} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    order by c.oid`
  return rows.map((row) => ({
    quoted: `${quoteIdentifier(schema)}.${quoteIdentifier(String(row['name']))}`,
    kind: String(row['kind']),
    isReference: row['reference'] === true
  }))
}

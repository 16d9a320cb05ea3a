import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { type Naming, strategyOf } from '../isolation/index.ts'
import { CONTROL_SCHEMA, isTenantId, quoteIdentifier } from '../../words/names.ts'
import { ISOLATION_STRATEGIES, TENANT_STATUSES, type Tenant } from '../../words/types.ts'

/** The table of tenants, quoted. */
export const TENANTS_TABLE = `${quoteIdentifier(CONTROL_SCHEMA)}.tenants`

/** The query of the registry's version: one row that tells nothing of any tenant. */
export const VERSION_SQL = `select version::text as version from ${quoteIdentifier(CONTROL_SCHEMA)}.registry_version`

/**
 * The query of how old the tables of all tenants are: a number that rises with every run of migrations, and whether one is
 * under way. It tells nothing of any tenant.
 */
export const SCHEMA_AGE_SQL = `select coalesce(max(id), 0)::text as age, coalesce(bool_or(until > clock_timestamp()), false)::text as changing from ${quoteIdentifier(CONTROL_SCHEMA)}.schema_changes`

// One-word names and text only: the application's driver options may rename columns and parse types in their own way.
/** What a query of the registry selects, for {@link parseTenant}. */
export const TENANT_COLUMNS = 'id, name, status, strategy, schema, server, database, migration, moving::text as moving, (extract(epoch from created_at) * 1000)::bigint::text as created'

/**
 * The query of one tenant, with its id as `$1`, and of the version of the registry in the same snapshot. Row security
 * shows the application's role only its tenant's row.
 */
export const TENANT_ROW_SQL = `select ${TENANT_COLUMNS}, (${VERSION_SQL}) as version from ${TENANTS_TABLE} where id = $1`

const oneOf = <const T extends readonly string[]>(words: T) => Type.Union(words.map((word: T[number]) => Type.Literal(word)))

const rowSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  status: oneOf(TENANT_STATUSES),
  strategy: oneOf(ISOLATION_STRATEGIES),
  schema: Type.String(),
  server: Type.String(),
  database: Type.Union([Type.String(), Type.Null()]),
  migration: Type.String(),
  moving: oneOf(['true', 'false']),
  created: Type.String({ pattern: '^-?[0-9]{1,16}$' })
})

type TenantRow = Static<typeof rowSchema>

/**
 * Returns the tenant that a row of the registry tells of, frozen.
 *
 * A row is checked before it is believed: a schema that is not what the id and the strategy say would show one tenant
 * another's tables.
 */
export function parseTenant (row: unknown, naming: Naming): Tenant {
  if (!Value.Check(rowSchema, row)) throw new Error('a row of the tenant registry has a wrong shape')
  return toTenant(row, naming)
}

function toTenant (row: TenantRow, naming: Naming): Tenant {
  if (!isTenantId(row.id)) throw new Error('a row of the tenant registry has an id that is none')
  if (row.schema !== strategyOf(row.strategy).schemaOf(row.id, naming)) {
    throw new Error('a row of the tenant registry has a schema that does not belong to its tenant')
  }
  if (row.database !== strategyOf(row.strategy).databaseOf(row.id, naming)) {
    throw new Error('a row of the tenant registry has a database that does not belong to its tenant')
  }
  return Object.freeze({
    id: row.id,
    name: row.name,
    status: row.status,
    isolation: row.strategy,
    schema: row.schema,
    server: row.server,
    database: row.database,
    migration: row.migration,
    isMoving: row.moving === 'true',
    createdAt: new Date(Number(row.created))
  })
}

import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { strategyOf } from '../isolation/index.ts'
import { CONTROL_SCHEMA, isTenantId, quoteIdentifier } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'

/** The table of tenants, quoted. */
export const TENANTS_TABLE = `${quoteIdentifier(CONTROL_SCHEMA)}.tenants`

/** The query of the registry's version: one row that tells nothing of any tenant. */
export const VERSION_SQL = `select version::text as version from ${quoteIdentifier(CONTROL_SCHEMA)}.registry_version`

// One-word names and text only: the application's driver options may rename columns and parse types in their own way.
/** What a query of the registry selects, for {@link parseTenant}. */
export const TENANT_COLUMNS = 'id, name, status, strategy, schema, (extract(epoch from created_at) * 1000)::bigint::text as created'

/**
 * The query of one tenant, with its id as `$1`, and of the version of the registry in the same snapshot. Row security
 * shows the application's role only its tenant's row.
 */
export const TENANT_ROW_SQL = `select ${TENANT_COLUMNS}, (${VERSION_SQL}) as version from ${TENANTS_TABLE} where id = $1`

const rowSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  status: Type.Union([Type.Literal('provisioning'), Type.Literal('active'), Type.Literal('suspended')]),
  strategy: Type.Union([Type.Literal('schema'), Type.Literal('rls'), Type.Literal('schema+rls')]),
  schema: Type.String(),
  created: Type.String({ pattern: '^-?[0-9]{1,16}$' })
})

type TenantRow = Static<typeof rowSchema>

/**
 * Returns the tenant that a row of the registry tells of, frozen.
 *
 * A row is checked before it is believed: a schema that is not what the id and the strategy say would show one tenant
 * another's tables.
 */
export function parseTenant (row: unknown, place: { readonly sharedSchema: string }): Tenant {
  if (!Value.Check(rowSchema, row)) throw new Error('a row of the tenant registry has a wrong shape')
  return toTenant(row, place)
}

function toTenant (row: TenantRow, place: { readonly sharedSchema: string }): Tenant {
  if (!isTenantId(row.id)) throw new Error('a row of the tenant registry has an id that is none')
  if (row.schema !== strategyOf(row.strategy).schemaOf(row.id, place)) {
    throw new Error('a row of the tenant registry has a schema that does not belong to its tenant')
  }
  return Object.freeze({
    id: row.id,
    name: row.name,
    status: row.status,
    isolation: row.strategy,
    schema: row.schema,
    createdAt: new Date(Number(row.created))
  })
}

import { NameReservedError, TenantIdInvalidError } from './errors/index.ts'
import type { TenantId } from './types.ts'

/** PostgreSQL cuts longer identifiers silently, and two tenants would share one schema (I-01). */
export const MAX_IDENTIFIER_BYTES = 63

/** The schema that belongs to this package: the registry and the migration ledger. */
export const CONTROL_SCHEMA = 'zakops_tenancy'

/** The setting that row-security policies read. */
export const TENANT_SETTING = 'app.tenant_id'

/** The column that row-security policies compare. */
export const TENANT_COLUMN = 'tenant_id'

/** What a statement gets whose tenant context is not signed as it must be. */
export const CONTEXT_REFUSED_CODE = 'ZTSIG'

/** What a write gets that came to a place which its tenant has left: nothing in PostgreSQL or its extensions has this code. */
export const TENANT_MOVED_CODE = 'ZTMOV'

const TENANT_SCHEMA_PREFIX = 'tenant_'
const MAX_TENANT_ID_LENGTH = MAX_IDENTIFIER_BYTES - TENANT_SCHEMA_PREFIX.length

// ASCII only: look-alikes, zero-width characters and lone surrogates cannot be written (I-06).
const TENANT_ID = new RegExp(`^[A-Za-z0-9][A-Za-z0-9_-]{0,${MAX_TENANT_ID_LENGTH - 1}}$`)
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/
const RESERVED_SCHEMA = /^(pg_.*|public|information_schema|zakops_tenancy|tenant_.*)$/

/**
 * Tells whether `value` is a tenant id: 1 to 56 ASCII letters, digits, `_` and `-`, the first a letter or digit.
 *
 * Nothing is coerced: numbers, arrays and objects are not tenant ids (I-08).
 */
export function isTenantId (value: unknown): value is TenantId {
  return typeof value === 'string' && TENANT_ID.test(value)
}

/**
 * Returns `value` as a {@link TenantId}.
 *
 * @throws {TenantIdInvalidError} FST_TENANCY_TENANT_ID_INVALID — it is not 1 to 56 of the allowed characters.
 */
export function parseTenantId (value: unknown): TenantId {
  if (!isTenantId(value)) throw new TenantIdInvalidError()
  return value
}

/**
 * Returns the name of the schema that belongs to a tenant.
 *
 * Injective: the prefix is constant and the id is taken whole, letter case included, so two ids never share a schema;
 * at most 63 bytes, and never one of PostgreSQL's own names. Always quote it in SQL.
 */
export function schemaNameOf (tenantId: TenantId): string {
  return TENANT_SCHEMA_PREFIX + tenantId
}

/** Returns the name of the database that belongs to a tenant under `database`; injective, since the prefix is constant. */
export function databaseNameOf (tenantId: TenantId, prefix: string): string {
  return prefix + tenantId
}

/**
 * Returns `name` if it can be the name of a shared or extensions schema.
 *
 * @throws {NameReservedError} FST_TENANCY_NAME_RESERVED — it is not a plain lower-case identifier, or it belongs to
 * PostgreSQL, to this package or to a tenant.
 */
export function parseSchemaName (name: string): string {
  if (!SCHEMA_NAME.test(name) || RESERVED_SCHEMA.test(name)) throw new NameReservedError()
  return name
}

/** Returns `name` as a quoted SQL identifier. Dots stay part of the name, unlike in the driver's helper (D-20). */
export function quoteIdentifier (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Returns `text` as a quoted SQL literal, right under either value of `standard_conforming_strings`. */
export function quoteLiteral (text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}

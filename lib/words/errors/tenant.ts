import createError from '@fastify/error'

/** The tenant cannot be served. Unknown, malformed and suspended read the same to the client; `cause` says which. */
export const TenantDeniedError = createError('FST_TENANCY_TENANT_DENIED',
  'This tenant cannot be served: check that the account is active.', 403)

/** No such tenant in the registry. Clients see it as TENANT_DENIED. */
export const TenantUnknownError = createError('FST_TENANCY_TENANT_UNKNOWN',
  'The tenant is not in the registry: make it first, with provision().', 404)

/** The tenant is in the registry but not active. Clients see it as TENANT_DENIED. */
export const TenantInactiveError = createError('FST_TENANCY_TENANT_INACTIVE',
  'The tenant is not active: set its status to "active" to serve it again.', 403)

/** The header, host or route parameter that has to agree with the claim names another tenant. */
export const TenantMismatchError = createError('FST_TENANCY_TENANT_MISMATCH',
  'The request names another tenant than its token: leave the name out or use the right token.', 403)

/** The tenant is there already, with another isolation strategy or on another server. */
export const TenantExistsError = createError('FST_TENANCY_TENANT_EXISTS',
  'A tenant with this id already exists with another isolation strategy, or on another server: leave them out to keep what it has, take it there with move(), or choose another id.', 409)

/** A tenant is there whose id is written with other capital and small letters. */
export const TenantLetterCaseError = createError('FST_TENANCY_TENANT_LETTER_CASE',
  'A tenant exists whose id differs from this one only in letter case: write the id as it was provisioned, or choose another one.', 409)

/** A tenant id has characters or a length that are not allowed. */
export const TenantIdInvalidError = createError('FST_TENANCY_TENANT_ID_INVALID',
  'A tenant id is a string of 1 to 56 ASCII letters, digits, "_" or "-", and starts with a letter or digit.', 400, RangeError)

/** A schema name belongs to PostgreSQL, to this package or to a tenant. */
export const NameReservedError = createError('FST_TENANCY_NAME_RESERVED',
  'A schema name is a lower-case identifier that is not "public", "information_schema", "zakops_tenancy", "pg_…" or "tenant_…".', 500, RangeError)

/** The registry places the tenant on a server that the options do not name; nothing was sent. */
export const ServerUnknownError = createError('FST_TENANCY_SERVER_UNKNOWN',
  'The server of this tenant is not in the options of this process: add it to the option servers, under the name that the registry has.', 503)

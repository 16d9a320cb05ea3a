import createError from '@fastify/error'

/** The route needs a tenant and the request has no token. */
export const TokenMissingError = createError('FST_TENANCY_TOKEN_MISSING',
  'This route needs a token: send it as "Authorization: Bearer <token>".', 401)

/** The token is malformed, expired, badly signed, or lacks what is required of it. `cause` says which. */
export const TokenInvalidError = createError('FST_TENANCY_TOKEN_INVALID', 'The token was refused: sign in again to get a fresh one.', 401)

/** The token is good but names no tenant. */
export const ClaimMissingError = createError('FST_TENANCY_CLAIM_MISSING', 'The token names no tenant: ask the issuer for a token with the tenant claim.', 403)

/** The tenant claim is not one string of the tenant id alphabet. Clients see it as TENANT_DENIED. */
export const ClaimInvalidError = createError('FST_TENANCY_CLAIM_INVALID',
  'The tenant claim must be one string of 1 to 56 letters, digits, "_" or "-".', 403)

import type { Present } from './present.ts'
import type { Refusal } from './refusal.ts'

type Advise = (refusal: Refusal, id: string) => string

/** What is wrong now goes before what was wrong then. */
const NOW: Readonly<Record<NonNullable<Present['problem']>, (present: Present, id: string) => string>> = {
  unknown: (_, id) => `The registry has no tenant "${id}": look whether DATABASE_URL is the right database, and else run "zakops-tenancy create ${id}".`,
  inactive: ({ tenant }, id) => `The tenant is ${tenant?.status ?? 'not active'}: ${revival(tenant?.status, id)}.`,
  unreachable: () => 'The database of the tenant cannot be reached: look at the server, its password and the option servers.',
  schema: (_, id) => `The schema of the tenant is missing or not granted: run "zakops-tenancy create ${id}", which brings it up to date.`,
  role: () => 'The role of DATABASE_URL sees past policies: log in as the one that setUpDatabase() was given as "app".',
  outdated: (_, id) => `The tenant lacks migrations that this release needs: run "zakops-tenancy migrate --tenant ${id}".`
}

const THEN: Readonly<Record<string, Advise>> = {
  FST_TENANCY_TOKEN_MISSING: () => 'The request had no token: the client has to send "Authorization: Bearer <token>".',
  FST_JWT_AUTHORIZATION_TOKEN_EXPIRED: () => 'The token had expired: sign in again; if it was fresh, compare the clocks of issuer and server.',
  FST_JWT_AUTHORIZATION_TOKEN_INVALID: () => 'The token was not signed as it has to be: compare its algorithm, key, issuer and audience with the option jwt.',
  FST_JWT_AUTHORIZATION_TOKEN_UNTRUSTED: () => 'The application does not trust the token any more: sign in again.',
  FST_TENANCY_TOKEN_INVALID: () => 'The token was refused: compare its algorithm, key, issuer, audience and times with the option jwt.',
  FST_TENANCY_CLAIM_MISSING: ({ claim }) => `The token has no claim "${claim}": let the issuer put it in, or set TENANT_CLAIM to the one that holds the tenant id.`,
  FST_TENANCY_CLAIM_INVALID: ({ claim }) => `The claim "${claim}" is not one tenant id: let the issuer write 1 to 56 letters, digits, "_" or "-".`,
  FST_TENANCY_TENANT_UNKNOWN: () => 'The registry knows the tenant now: let the client try again.',
  FST_TENANCY_TENANT_INACTIVE: () => 'The tenant is active now: let the client try again.',
  FST_TENANCY_TENANT_OUTDATED: () => 'The tenant has its migrations now: let the client try again.',
  FST_TENANCY_TENANT_MISMATCH: () => 'Header, host or parameter named another tenant than the token: let the client use the token of the tenant that it means.',
  FST_TENANCY_CONTEXT_MISSING: ({ route }) => `Code of ${route} sent a statement without a tenant: put it into request.tenancy.run(fn), or give the route a tenant.`,
  42501: () => 'The server refused the statement: it wrote a row of another tenant, or the role lacks a right; "zakops-tenancy audit" and "verify" tell which.',
  '42P01': ({ registry }) => `A table was not found on the tenant's path: look whether a migration is missing ("zakops-tenancy status", "drift${registry['id'] === undefined ? '' : ` --tenant ${registry['id']}`}"), or a schema stands in front of the name ("zakops-tenancy verify").`
}

/** Returns one sentence that says what to do next. */
export function adviceOn (refusal: Refusal, present: Present | undefined): string {
  const id = present?.tenant?.id ?? refusal.claimed ?? refusal.registry['id'] ?? ''
  if (present?.problem !== undefined) return NOW[present.problem](present, id)
  const known = Object.hasOwn(THEN, refusal.reason) ? THEN[refusal.reason]?.(refusal, id) : undefined
  if (known !== undefined) return known
  return refusal.message === '' ? `Look ${refusal.reason} up in the table of errors in the README: its message says what to do.` : refusal.message
}

function revival (status: string | undefined, id: string): string {
  if (status === 'archived') return `run "zakops-tenancy restore ${id}"`
  if (status === 'suspended') return `run "zakops-tenancy resume ${id}" if it is to be served`
  return status === 'provisioning' ? `run "zakops-tenancy create ${id}" again, which finishes it` : 'it is gone, and its token has to go too'
}

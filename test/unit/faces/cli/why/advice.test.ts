import t from 'tap'
import { adviceOn } from '../../../../../lib/faces/cli/why/advice.ts'
import type { Present } from '../../../../../lib/faces/cli/why/present.ts'
import type { Refusal } from '../../../../../lib/faces/cli/why/refusal.ts'
import { parseTenantId } from '../../../../../lib/words/names.ts'
import type { Tenant, TenantStatus } from '../../../../../lib/words/types.ts'

const REFUSAL: Refusal = { at: '', route: 'GET /deals', reason: '', message: '', mode: 'multi', claim: 'org.id', claimed: 'acme', registry: {}, path: undefined, role: 'app' }

const tenantThatIs = (status: TenantStatus): Tenant => ({
  id: parseTenantId('acme'), name: 'Acme', status, isolation: 'rls', schema: 'shared', server: 'default', database: null, migration: '', isMoving: false, createdAt: new Date(0)
})

const present = (problem: Present['problem'], status: TenantStatus = 'active'): Present => ({ tenant: problem === 'unknown' ? undefined : tenantThatIs(status), problem, rows: {} })

t.test('the advice', async (t) => {
  t.test('is about what is wrong now, whatever was wrong then', async (t) => {
    const wrong: ReadonlyArray<readonly [Present, RegExp]> = [
      [present('unknown'), /no tenant "acme".*create acme/],
      [present('inactive', 'suspended'), /is suspended.*resume acme/],
      [present('inactive', 'archived'), /is archived.*restore acme/],
      [present('inactive', 'provisioning'), /is provisioning.*create acme" again/],
      [present('inactive', 'deleted'), /is deleted.*it is gone/],
      [present('unreachable'), /cannot be reached/],
      [present('schema'), /missing or not granted.*create acme/],
      [present('role'), /sees past policies/],
      [present('outdated'), /migrate --tenant acme/]
    ]
    for (const [now, wanted] of wrong) t.match(adviceOn({ ...REFUSAL, reason: 'FST_TENANCY_TOKEN_MISSING' }, now), wanted)
  })

  t.test('is about what was wrong then where nothing is wrong now', async (t) => {
    const then: Readonly<Record<string, RegExp>> = {
      FST_TENANCY_TOKEN_MISSING: /no token/,
      FST_JWT_AUTHORIZATION_TOKEN_EXPIRED: /expired/,
      FST_JWT_AUTHORIZATION_TOKEN_INVALID: /not signed as it has to be/,
      FST_JWT_AUTHORIZATION_TOKEN_UNTRUSTED: /does not trust/,
      FST_TENANCY_TOKEN_INVALID: /was refused/,
      FST_TENANCY_CLAIM_MISSING: /no claim "org\.id"/,
      FST_TENANCY_CLAIM_INVALID: /"org\.id" is not one tenant id/,
      FST_TENANCY_TENANT_UNKNOWN: /knows the tenant now/,
      FST_TENANCY_TENANT_INACTIVE: /active now/,
      FST_TENANCY_TENANT_OUTDATED: /migrations now/,
      FST_TENANCY_TENANT_MISMATCH: /another tenant than the token/,
      FST_TENANCY_CONTEXT_MISSING: /GET \/deals sent a statement without a tenant/,
      42501: /a row of another tenant, or the role lacks a right/,
      '42P01': /not found on the tenant's path.*"drift"/
    }
    for (const [reason, wanted] of Object.entries(then)) {
      for (const now of [present(undefined), undefined]) t.match(adviceOn({ ...REFUSAL, reason }, now), wanted, reason)
    }
    t.match(adviceOn({ ...REFUSAL, reason: '42P01', registry: { id: 'acme' } }, undefined), /"drift --tenant acme"/)
  })

  t.test('is the message of the error, or where to find it, for everything else', async (t) => {
    t.equal(adviceOn({ ...REFUSAL, reason: 'FST_TENANCY_CLOSED', message: 'The tenancy is closed.' }, undefined), 'The tenancy is closed.')
    t.match(adviceOn({ ...REFUSAL, reason: 'FST_TENANCY_CLOSED' }, undefined), /Look FST_TENANCY_CLOSED up/)
    t.match(adviceOn({ ...REFUSAL, reason: 'constructor' }, undefined), /Look constructor up/, 'and no member of an object')
  })

  t.test('names the tenant that there is, then the claimed one, then that of the registry', async (t) => {
    t.match(adviceOn({ ...REFUSAL, claimed: undefined, registry: { id: 'globex' } }, present('unknown')), /"globex"/)
    t.match(adviceOn({ ...REFUSAL, claimed: undefined }, present('unknown')), /no tenant ""/)
    t.match(adviceOn({ ...REFUSAL, claimed: 'globex' }, present('outdated')), /--tenant acme/)
  })
})

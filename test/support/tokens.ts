import { signToken } from '../../lib/faces/testing/index.ts'

/** The secret that tests sign and verify with. */
export const TEST_SECRET = 'a secret of the test suite, never of a server'

/** The `authorization` header of a good token for this tenant. */
export function tokenOf (tenantId: string, claims: Readonly<Record<string, unknown>> = {}): string {
  return `Bearer ${signToken({ sub: 'someone', tenant_id: tenantId, ...claims }, { secret: TEST_SECRET })}`
}

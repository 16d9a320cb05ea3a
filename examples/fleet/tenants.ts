import type { ProvisionRequest } from 'zakops-tenancy'

/** Of fifty tenants: so many of each strategy, mixed. */
const MIX = [['database', 1], ['schema+rls', 20], ['schema', 15], ['rls', 14]] as const
const SLOTS = MIX.flatMap(([isolation, count]) => Array.from({ length: count }, () => isolation))

/** Returns the first `count` tenants of the fleet: 2 % have a database, 40 % a schema with policies, 30 % a schema, 28 % rows. */
export function fleetOf (count: number): readonly ProvisionRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1
    // Seven and fifty have no divisor in common, so that neighbours differ and all fifty places come up.
    return { id: idOf(number), isolation: SLOTS[(number * 7 + 1) % SLOTS.length] ?? 'rls' }
  })
}

/** Returns the id of a tenant by its number. */
export function idOf (number: number): string {
  return `t${String(number).padStart(4, '0')}`
}

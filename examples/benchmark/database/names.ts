import type { Isolation } from '../workers/messages.ts'

/** Every tenant that is measured has rows with the ids 1 to this. */
export const DEALS = 100

/** The schema of the table that knows no tenants, and the value of its first column, which nobody asks about. */
export const PLAIN = 'plain'

/** Its column in the place of `tenant_id`: the audit lets no process start that reaches tenants' rows without a policy. */
export const PLAIN_COLUMN = 'organisation'

const PREFIXES: Readonly<Record<Isolation, string>> = { rls: 'rls-', schema: 'schema-', 'schema+rls': 'both-' }

/** Returns what the tenant ids of an isolation strategy begin with; a number from 1 follows. */
export function prefixOf (isolation: Isolation): string {
  return PREFIXES[isolation]
}

/** Returns the first `count` tenants of an isolation strategy. */
export function tenantsOf (isolation: Isolation, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefixOf(isolation)}${i + 1}`)
}

/** Returns one of a list, all with the same chance. */
export function pick<T> (list: readonly T[]): T {
  const picked = list[Math.floor(Math.random() * list.length)]
  if (picked === undefined) throw new Error('There is nothing to pick from.')
  return picked
}

/** Returns the id of one of a tenant's rows. */
export function randomDeal (): number {
  return 1 + Math.floor(Math.random() * DEALS)
}

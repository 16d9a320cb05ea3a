import type { Finding, Tenant } from '../../words/types.ts'
import { NOBODY, type Reachable, type Seen, type TryStatement, lookAt, rowsOfOthers } from './trying/index.ts'

/** What was seen, and what of it should not have been. */
export interface LookedAround {
  readonly findings: readonly Finding[]
  /** What each tenant saw of each relation, by tenant id and quoted name. */
  readonly seen: ReadonlyMap<string, ReadonlyMap<string, Seen>>
}

/** Settings that name nobody, so that no row is theirs. */
const NOBODIES = [undefined, '', ' ', '%', NOBODY] as const

/**
 * Reads every relation that says whose its rows are, as nobody, as its own tenant and as another: the rows that are really
 * there, also behind views and foreign tables, where no policy can be asked.
 */
export async function lookAround (attempt: TryStatement, relations: readonly Reachable[], tenants: ReadonlyArray<Pick<Tenant, 'id' | 'isolation'>>): Promise<LookedAround> {
  const found = new Map<string, Finding>()
  const note = (setting: string | undefined, seen: ReadonlyMap<string, Seen>, among: readonly Reachable[]): void => {
    for (const relation of among) {
      if (seen.get(relation.name) === 'others' && !found.has(relation.name)) found.set(relation.name, rowsOfOthers(relation, setting))
    }
  }
  for (const setting of NOBODIES) note(setting, await lookAt(attempt, setting, relations), relations)
  await asAnother(attempt, relations, tenants, note)
  const seen = new Map<string, ReadonlyMap<string, Seen>>()
  const shared = relations.filter(({ owner }) => owner === null)
  for (const { id, isolation } of tenants) {
    const mine = isolation === 'rls' ? shared : relations.filter(({ owner }) => owner === id)
    const what = await lookAt(attempt, id, mine)
    note(id, what, mine)
    seen.set(id, what)
  }
  return { findings: [...found.values()], seen }
}

/** Each schema of a tenant's own, as a tenant that is really there and has no business in it. */
async function asAnother (attempt: TryStatement, relations: readonly Reachable[], tenants: ReadonlyArray<Pick<Tenant, 'id'>>, note: (setting: string, seen: ReadonlyMap<string, Seen>, among: readonly Reachable[]) => void): Promise<void> {
  const [first, second] = tenants
  const secured = relations.filter(({ owner, isSecured }) => owner !== null && isSecured)
  for (const [stranger, among] of [[first?.id, secured.filter(({ owner }) => owner !== first?.id)], [second?.id, secured.filter(({ owner }) => owner === first?.id)]] as const) {
    if (stranger !== undefined) note(stranger, await lookAt(attempt, stranger, among), among)
  }
}

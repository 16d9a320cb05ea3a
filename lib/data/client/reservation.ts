import type { Enforcement } from '../../settings/enforcement/index.ts'
import type { PlaceSource, TenantPlace } from '../places/index.ts'
import { DeadlineError, TransactionEndedError } from '../../words/errors/index.ts'
import type { Tenant } from '../../words/types.ts'
import { OneByOne } from './one-by-one.ts'
import { refusedMembers } from './refusals.ts'
import type { Tag, TagFactory } from './tag.ts'
import type { QueryRules } from './tenant-query.ts'
import type { Whereabouts } from './left-place.ts'
import type { TransactionTimeouts } from './transaction.ts'
import { handleRules } from './transaction-handle.ts'

interface ReservationParts {
  readonly timeouts: TransactionTimeouts
  readonly createTag: TagFactory
  readonly enforcement: Enforcement
  readonly cancel: QueryRules['cancel']
  readonly places: PlaceSource
  readonly whereabouts: Whereabouts
}

/** What `sql.reserve()` returns. */
export type Reservation = Tag & { readonly release: () => void }

/**
 * Takes a connection for one tenant until `release()` is called, or `timeouts.transaction` has passed. Transaction
 * control is allowed in its texts, because the connection is thrown away afterwards, with whatever was left in it (D-11).
 */
export async function reserveSession (parts: ReservationParts, place: TenantPlace, tenant: Tenant | undefined): Promise<Reservation> {
  const session = await place.lanes.openSession(place.frameOf(tenant), true)
  const timer = setTimeout(() => session.discard(new DeadlineError('transaction', 'transaction')), parts.timeouts.transaction)
  session.onLost(() => clearTimeout(timer))
  const release = (): void => {
    clearTimeout(timer)
    session.discard(new TransactionEndedError())
  }
  // One statement after the other, as on a connection of the driver's.
  const turns = new OneByOne()
  const rules = handleRules(parts, tenant, (query) => {
    if (!session.isUsable) throw new TransactionEndedError()
    turns.add((done) => session.run(query, done))
  })
  return Object.assign(parts.createTag(rules), refusedMembers(), { release })
}

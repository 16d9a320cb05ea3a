import type { Enforcement } from '../../settings/enforcement/index.ts'
import type { Channels } from '../channels/index.ts'
import { DeadlineError, TransactionEndedError } from '../../words/errors.ts'
import type { Tenant } from '../../words/types.ts'
import type { SettingsFrame } from '../wire/index.ts'
import { refusedMembers } from './refusals.ts'
import type { Tag, TagFactory } from './tag.ts'
import type { QueryRules } from './tenant-query.ts'
import type { TransactionSurroundings } from './transaction.ts'
import { handleRules } from './transaction-handle.ts'

interface ReservationParts extends TransactionSurroundings {
  readonly createTag: TagFactory
  readonly enforcement: Enforcement
  readonly cancel: QueryRules['cancel']
  readonly channels: Channels
}

/** What `sql.reserve()` returns. */
export type Reservation = Tag & { readonly release: () => void }

/**
 * Takes a connection for one tenant until `release()` is called, or `timeouts.transaction` has passed. Transaction
 * control is allowed in its texts, because the connection is thrown away afterwards, with whatever was left in it (D-11).
 */
export async function reserveSession (parts: ReservationParts, frame: SettingsFrame, tenant: Tenant | undefined): Promise<Reservation> {
  const session = await parts.lanes.openSession(frame, true)
  const timer = setTimeout(() => session.discard(new DeadlineError('transaction', 'transaction')), parts.timeouts.transaction)
  session.onLost(() => clearTimeout(timer))
  const release = (): void => {
    clearTimeout(timer)
    session.discard(new TransactionEndedError())
  }
  // One statement after the other, as on a connection of the driver's.
  let turn: Promise<void> = Promise.resolve()
  const rules = handleRules(parts, tenant, (query) => {
    if (!session.isUsable) throw new TransactionEndedError()
    turn = turn.then(() => session.run(query))
  })
  return Object.assign(parts.createTag(rules), refusedMembers(), { release })
}

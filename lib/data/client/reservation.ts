import type { Sql } from 'postgres'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { DeadlineError, TransactionEndedError } from '../../words/errors.ts'
import type { Tenant } from '../../words/types.ts'
import type { Session } from '../lanes/index.ts'
import type { SettingsFrame } from '../wire/index.ts'
import { assertWrittenBy } from './binding.ts'
import { refusedMembers } from './refusals.ts'
import { type Tag, createTag } from './tag.ts'
import type { QueryRules } from './tenant-query.ts'
import type { TransactionSurroundings } from './transaction.ts'
import { assertSameTenant } from './transaction-handle.ts'
import { bindCallbacks } from './written-query.ts'

interface ReservationParts extends TransactionSurroundings {
  readonly builder: Sql
  readonly enforcement: Enforcement
  readonly cancel: QueryRules['cancel']
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
  return Object.assign(createTag(parts.builder, rulesOf(parts, session, tenant)), refusedMembers(), { release })
}

/** One statement after the other, as on a connection of the driver's. */
function rulesOf (parts: ReservationParts, session: Session, tenant: Tenant | undefined): QueryRules {
  let turn: Promise<void> = Promise.resolve()
  const assertReader = (): void => assertSameTenant(tenant, parts.enforcement)
  return {
    send (query) {
      assertReader()
      if (tenant !== undefined) assertWrittenBy(tenant, query, parts.enforcement)
      bindCallbacks(query)
      if (!session.isUsable) throw new TransactionEndedError()
      turn = turn.then(async () => await session.run(query))
    },
    assertReader,
    cancel: parts.cancel
  }
}

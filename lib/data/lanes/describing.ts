import { BACKEND, type SettingsFrame, errorMessage, lengthAt } from '../wire/index.ts'
import { Cycle } from './cycle.ts'
import type { DescribeOutcome } from './lane-task.ts'
import type { Asking, Statement } from './statements.ts'
import type { Share } from './tally.ts'

/** How a description is asked for. */
export interface Describing {
  readonly frame: SettingsFrame
  readonly share: Share | undefined
  readonly statement: Statement
  readonly isNamed: boolean
  readonly isShared: boolean
  readonly send: (cycle: Cycle) => void
}

/**
 * Asks the server what a statement looks like under a tenant's settings. Lanes of one tenant that want to know the same at
 * the same time wait for the one that asks; if the server refuses, each asks for itself, because the error belongs to its
 * asker. Another tenant's do not wait: what asks may stand behind slow statements of its own tenant.
 */
export function describe (describing: Describing, outcome: DescribeOutcome & { readonly refused: (error: Error) => void, readonly lost: (reason: Error) => void }): void {
  const { statement, isShared, share } = describing
  // A lane in a transaction may hold the lock that the other one waits for.
  const asking = isShared ? statement.asking.find((one) => one.share === share) : undefined
  if (asking !== undefined) {
    asking.waiting.push(() => statement.description === undefined ? describe(describing, outcome) : outcome.then())
    return
  }
  const own: Asking = { share, waiting: [] }
  if (isShared) statement.asking = [...statement.asking, own]
  ask(describing, outcome, () => {
    statement.asking = statement.asking.filter((one) => one !== own)
    for (const go of own.waiting) go()
  })
}

function ask ({ frame, share, statement, isNamed, isShared, send }: Describing, outcome: Parameters<typeof describe>[1], settled: () => void): void {
  let error: Buffer | undefined
  send(new Cycle({
    receive (bytes) { error ??= errorIn(bytes) },
    described () {},
    refused: outcome.refused,
    finished () {
      if (statement.description === undefined || error !== undefined) outcome.failed(error ?? errorMessage('XX000', 'no description'))
      else outcome.then()
      settled()
    },
    lost (reason) {
      outcome.lost(reason)
      settled()
    }
  }, frame, { kind: 'describe', statement, isNamed }, isShared, share))
}

/** The error alone: the driver asks for ReadyForQuery itself, once it has read it. */
function errorIn (bytes: Buffer): Buffer | undefined {
  return bytes[0] === BACKEND.error ? Buffer.from(bytes.subarray(0, lengthAt(bytes, 0))) : undefined
}

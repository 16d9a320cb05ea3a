import { SYNC, type TransactionOpening } from '../wire/index.ts'
import { Cycle } from './cycle.ts'
import type { CycleOwner } from './request.ts'

/**
 * Returns the cycle that begins a transaction in front of a text of the simple protocol. Not as the first words of the text:
 * the server reads all of it before it executes any, so one that it cannot read would take its `begin` with it, and what
 * comes next would be committed by itself.
 * If it fails, the connection ends, and whatever is behind it on the connection hears of that. What changes something by
 * itself waits until it has `begun`: the server would run it all the same, and commit it.
 */
export function beginningOf (opening: TransactionOpening, then: Partial<Pick<CycleOwner, 'lost' | 'refused'>> & { readonly begun?: () => void } = {}): Cycle {
  const { begun = () => {}, lost = () => {}, refused = () => {} } = then
  const owner = { receive () {}, described () {}, refused, finished: begun, lost }
  const cycle = new Cycle(owner, undefined, { kind: 'bare', messages: SYNC }, false)
  cycle.opening = opening
  return cycle
}

import { SYNC, type TransactionOpening } from '../wire/index.ts'
import { Cycle } from './cycle.ts'

/**
 * Returns the cycle that begins a transaction in front of a text of the simple protocol, and goes out in one write with it.
 * Not as the first words of the text: the server reads all of it before it executes any, so one that it cannot read would
 * take its `begin` with it, and what comes next would be committed by itself.
 * If it fails, the connection ends, and whatever is behind it on the connection hears of that.
 */
export function beginningOf (opening: TransactionOpening): Cycle {
  const owner = { receive () {}, described () {}, refused () {}, finished () {}, lost () {} }
  const cycle = new Cycle(owner, undefined, { kind: 'bare', messages: SYNC }, false)
  cycle.opening = opening
  return cycle
}

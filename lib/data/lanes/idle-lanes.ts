import { ClosedError } from '../../words/errors/index.ts'
import type { Lane } from './lane.ts'

/** Lanes without a statement: those for what the package asks itself, and those for everybody else. */
export class IdleLanes {
  readonly #open: (isOurs: boolean) => Lane
  readonly #users: Lane[] = []
  readonly #ours: Lane[] = []
  #isClosed = false

  constructor (open: (isOurs: boolean) => Lane) {
    this.#open = open
  }

  get size (): number {
    return this.#users.length + this.#ours.length
  }

  take (isOurs: boolean): Lane {
    return this.#listOf(isOurs).pop() ?? this.#open(isOurs)
  }

  /** Takes a lane back, or throws it away if anything about it is in doubt. */
  putBack (lane: Lane): void {
    if (lane.isUsable && !this.#isClosed) this.#listOf(lane.isOurs).push(lane)
    else lane.discard(new ClosedError())
  }

  close (): void {
    this.#isClosed = true
    for (const lane of [...this.#users.splice(0), ...this.#ours.splice(0)]) lane.discard(new ClosedError())
  }

  #listOf (isOurs: boolean): Lane[] {
    return isOurs ? this.#ours : this.#users
  }
}

import { ClosedError } from '../../words/errors/index.ts'
import type { Lane } from './lane.ts'
import type { LaneQuery } from './lane-query.ts'

/** The lanes of one database: some for what the package asks itself, the others for everybody else. */
export class LanePool {
  readonly #open: (isOurs: boolean) => Lane
  readonly #all = new Set<Lane>()
  readonly #idleUsers: Lane[] = []
  readonly #idleOurs: Lane[] = []
  #isClosed = false

  constructor (open: (isOurs: boolean) => Lane) {
    this.#open = open
  }

  /** How many have no statement. */
  get idle (): number {
    return this.#idleUsers.length + this.#idleOurs.length
  }

  take (isOurs: boolean): Lane {
    return this.#idleOf(isOurs).pop() ?? this.#add(isOurs)
  }

  /** Takes a lane back, or throws it away if anything about it is in doubt. */
  putBack (lane: Lane): void {
    if (lane.isUsable && !this.#isClosed) {
      this.#idleOf(lane.isOurs).push(lane)
    } else {
      this.#all.delete(lane)
      lane.discard(new ClosedError())
    }
  }

  /** Returns the lane that runs `query`: asked for cancels only, so that no statement pays for a list of who runs where. */
  find (query: LaneQuery): Lane | undefined {
    for (const lane of this.#all) if (lane.task?.query === query) return lane
    return undefined
  }

  /** The lanes that have a connection alone. */
  get alone (): readonly Lane[] {
    return [...this.#all].filter(({ seat }) => seat !== undefined)
  }

  close (): void {
    this.#isClosed = true
    for (const lane of [...this.#idleUsers.splice(0), ...this.#idleOurs.splice(0)]) this.putBack(lane)
  }

  #add (isOurs: boolean): Lane {
    const lane = this.#open(isOurs)
    this.#all.add(lane)
    return lane
  }

  #idleOf (isOurs: boolean): Lane[] {
    return isOurs ? this.#idleOurs : this.#idleUsers
  }
}

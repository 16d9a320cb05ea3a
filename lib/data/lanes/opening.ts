import type { OpenSocket } from '../wire/index.ts'

/** So many connections are logged in at once: more would only wait for each other. */
const AT_ONCE = 2

interface OpeningEvents {
  readonly opened: (socket: OpenSocket) => void
  readonly failed: (cause: unknown) => void
}

/** The connections that are on their way to be opened. */
export class Opening {
  readonly #open: () => Promise<OpenSocket>
  readonly #events: OpeningEvents
  #underWay = 0

  constructor (open: () => Promise<OpenSocket>, events: OpeningEvents) {
    this.#open = open
    this.#events = events
  }

  get underWay (): number {
    return this.#underWay
  }

  /** Opens one more, unless enough are under way. */
  begin (): void {
    if (this.#underWay >= AT_ONCE) return
    this.#underWay++
    this.#open().finally(() => { this.#underWay-- }).then(this.#events.opened, this.#events.failed)
  }
}

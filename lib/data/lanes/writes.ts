import type { Connection } from './connection.ts'

/**
 * When connections write what was added to them: as soon as every statement that was started in this turn is there, so
 * that one write carries many. What was expected and does not come holds nobody up for longer than a turn.
 */
export class Writes {
  #due: Connection[] = []
  #expected = 0
  #isTimed = false

  /** Says that a statement is about to be added somewhere. */
  expect (): void {
    this.#expected++
  }

  /** Says that what was expected is there. */
  arrived (): void {
    if (this.#expected > 0 && --this.#expected === 0) this.#write()
  }

  /** Says that something was added to a connection. */
  add (connection: Connection): void {
    if (!this.#due.includes(connection)) this.#due.push(connection)
    if (this.#isTimed) return
    this.#isTimed = true
    setImmediate(() => {
      this.#isTimed = false
      this.#expected = 0
      this.#write()
    })
  }

  /** Writes now, unless something is still expected. */
  writeIfReady (): void {
    if (this.#expected === 0) this.#write()
  }

  forget (connection: Connection): void {
    this.#due = this.#due.filter((other) => other !== connection)
  }

  #write (): void {
    const due = this.#due
    this.#due = []
    for (const connection of due) connection.flush()
  }
}

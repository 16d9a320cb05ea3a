/** What reads the answer of a lane. */
interface AnswerReader {
  receive (bytes: Buffer): void
  finish (): void
}

/** An answer that waits until it can be read: nothing of it is handed on before, and its end last. */
export class HeldAnswer {
  readonly #reader: AnswerReader
  readonly #parts: Buffer[] = []
  #isHeld = false
  #isFinished = false

  constructor (reader: AnswerReader) {
    this.#reader = reader
  }

  /** Holds what comes from now on, until `wait` calls what it is given. */
  holdUntil (wait: (then: () => void) => void): void {
    this.#isHeld = true
    wait(() => this.#letGo())
  }

  receive (bytes: Buffer): void {
    if (this.#isHeld) this.#parts.push(bytes)
    else this.#reader.receive(bytes)
  }

  finish (): void {
    if (this.#isHeld) this.#isFinished = true
    else this.#reader.finish()
  }

  /** Forgets what it holds: nobody wants it any more. */
  drop (): void {
    this.#parts.length = 0
    this.#isHeld = this.#isFinished = false
  }

  #letGo (): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    const isFinished = this.#isFinished
    this.#isFinished = false
    for (const part of this.#parts.splice(0)) this.#reader.receive(part)
    if (isFinished) this.#reader.finish()
  }
}

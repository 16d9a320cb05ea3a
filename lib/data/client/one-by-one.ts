/** Something that calls `done` when the next one may begin. */
export type Step = (done: () => void) => void

/**
 * Runs steps one after the other, the first one at once. Without a promise for each: where Node.js follows contexts, a
 * promise costs more than what the step itself does.
 */
export class OneByOne {
  readonly #waiting: Step[] = []
  #isBusy = false
  #isGoing = false

  add (step: Step): void {
    this.#waiting.push(step)
    this.#go()
  }

  /** Settles when every step that was added so far is done. */
  drained (): Promise<void> {
    return new Promise((resolve) => {
      this.add((done) => {
        resolve()
        done()
      })
    })
  }

  readonly #done = (): void => {
    this.#isBusy = false
    this.#go()
  }

  /** A loop, because steps may be done at once: ten thousand that are refused would not fit on the stack. */
  #go (): void {
    if (this.#isGoing) return
    this.#isGoing = true
    while (!this.#isBusy) {
      const step = this.#waiting.shift()
      if (step === undefined) break
      this.#isBusy = true
      step(this.#done)
    }
    this.#isGoing = false
  }
}

/** Waits for the moment when nothing is under way. */
export class Emptiness {
  readonly #isEmpty: () => boolean
  #onEmpty: (() => void) | undefined

  constructor (isEmpty: () => boolean) {
    this.#isEmpty = isEmpty
  }

  /** Says that something has ended. */
  notice (): void {
    if (this.#isEmpty()) this.#onEmpty?.()
  }

  /** Resolves when nothing is under way, or when `graceMs` have passed. */
  wait (graceMs: number): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

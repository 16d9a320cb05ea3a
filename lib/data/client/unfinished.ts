import type { Stream } from 'node:stream'

/** Batches of a cursor, as the driver makes them: one reader, and no promise where there is nothing to wait for. */
interface Batches {
  [Symbol.asyncIterator] (): {
    next (): unknown
    return (): unknown
  }
}

interface Failure {
  readonly error: unknown
}

/**
 * What a caller still works with when its query has settled long ago: batches of a cursor, or the stream of a COPY. The
 * driver tells of a later failure only whoever waits at that moment: a loop over a cursor would end as if it had seen
 * everything, and a stream whose end is not confirmed would never end (D-18).
 */
export class Unfinished {
  #failure: Failure | undefined
  readonly #stream: Stream & { destroy?: (error: Error) => void } | undefined

  constructor (stream: Stream | undefined) {
    this.#stream = stream
    // It may fail before anybody could listen, and that would end the process; whoever reads or writes it is told all the same.
    stream?.on('error', () => {})
  }

  failed (error: unknown): void {
    this.#failure ??= { error }
    if (error instanceof Error) this.#stream?.destroy?.(error)
  }

  /** Returns the batches, each for whoever `assertReader` lets have it, with a failure at their end if there was one. */
  watch (batches: unknown, assertReader: () => void): unknown {
    return isBatches(batches) ? { [Symbol.asyncIterator]: () => this.#iterate(batches, assertReader) } : batches
  }

  #iterate (batches: Batches, assertReader: () => void): AsyncIterator<unknown> {
    const iterator = batches[Symbol.asyncIterator]()
    return {
      next: async () => {
        try {
          assertReader()
        } catch (error) {
          // Nobody ends a loop for it whose step has failed.
          iterator.return()
          throw error
        }
        const step = await iterator.next()
        if (!isStep(step)) throw new TypeError('a cursor has no step')
        if (step.done === true && this.#failure !== undefined) throw this.#failure.error
        return step
      },
      return: async () => {
        iterator.return()
        return { done: true, value: undefined }
      }
    }
  }
}

function isBatches (value: unknown): value is Batches {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function isStep (value: unknown): value is IteratorResult<unknown> {
  return typeof value === 'object' && value !== null && 'done' in value
}

import type { TenancyLogger } from '../../words/types.ts'
import type { RefusalRecord } from './refusal-record.ts'

const WRITE_EVERY_MS = 1_000
/** So many in one write, and of them so many of strangers: whoever floods a service must not crowd out the rest. */
const MOST = 500
const MOST_OF_STRANGERS = 100

/**
 * Refusals on their way to the table: one write in a second at most, however many requests are refused. What does not fit is
 * counted; the log has it.
 */
export class RefusalBook {
  readonly #write: (records: string) => Promise<void>
  readonly #log: TenancyLogger
  #waiting: RefusalRecord[] = []
  #strangers = 0
  #left = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor (write: (records: string) => Promise<void>, log: TenancyLogger) {
    this.#write = write
    this.#log = log
  }

  note (record: RefusalRecord): void {
    if (this.#waiting.length >= MOST || (record.isStranger && this.#strangers >= MOST_OF_STRANGERS)) {
      this.#left++
      return
    }
    if (record.isStranger) this.#strangers++
    this.#waiting.push(record)
    this.#timer ??= setTimeout(() => { this.#flush() }, WRITE_EVERY_MS).unref()
  }

  /** Writes what is waiting. */
  async close (): Promise<void> {
    this.#flush()
    await this.#writing
  }

  #flush (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#left > 0) this.#log.warn({ left: this.#left }, 'more requests were refused than the table of refusals takes: the log has the rest')
    const records = this.#waiting
    this.#waiting = []
    this.#strangers = this.#left = 0
    if (records.length === 0) return
    this.#writing = this.#writing.then(async () => await this.#write(JSON.stringify(records))).catch((err: unknown) => {
      this.#log.warn({ err }, 'refusals were not written into their table, the log has them: run setUpDatabase() of this version')
    })
  }
}

import { Presets, SingleBar } from 'cli-progress'
import { type TextStream, plainLine } from './io.ts'

/** How far a command is. */
export interface ProgressStep {
  readonly done: number
  /** 0 where nobody knows. */
  readonly total: number
  /** What is being done. */
  readonly what: string
}

/** At most one line for each step and second goes to a file. */
const PAUSE_MS = 1_000

/** Shows how far a command is: a bar on a terminal, plain lines elsewhere. */
export class Progress {
  readonly #stream: TextStream
  #bar: SingleBar | undefined
  #what = ''
  #at = -Infinity

  constructor (stream: TextStream) {
    this.#stream = stream
  }

  show (step: ProgressStep): void {
    const what = plainLine(step.what)
    // A bar of an unknown length would tell something wrong.
    if (this.#stream.isTTY === true && step.total > 0) this.#move(step, what)
    else this.#write(step, what)
  }

  /** Ends the bar, so that what is printed next stands below it. */
  end (): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #move ({ done, total }: ProgressStep, what: string): void {
    const of = Math.max(total, done)
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({ stream: this.#stream, format: '{bar} {value}/{total} {what}', hideCursor: true }, Presets.shades_classic)
      this.#bar.start(of, done, { what })
    }
    this.#bar.setTotal(of)
    this.#bar.update(done, { what })
  }

  #write ({ done, total }: ProgressStep, what: string): void {
    const isNew = what !== this.#what || (total > 0 && done === total)
    if (!isNew && performance.now() - this.#at < PAUSE_MS) return
    this.#what = what
    this.#at = performance.now()
    this.#stream.write(total > 0 ? `${done} of ${total}: ${what}\n` : `${what}\n`)
  }
}

import type { FindingSeverity } from '../../words/types.ts'
import { RULES, type RuleName } from './rules.ts'

/** What a rule says about one place of a text, by offsets in the file. */
export interface Place {
  readonly rule: RuleName
  readonly severity: FindingSeverity
  readonly at: number
  /** Offsets at which a comment may stand in front of it, besides its own line: those of its statement. */
  readonly covers: readonly number[]
  /** What may be taken out to repair it, where that is known. */
  readonly removal?: Removal
}

/** A schema in front of a name. */
export interface Removal {
  readonly from: number
  readonly to: number
  /** The name that stays. */
  readonly name: string
}

/** Returns a place with the severity of its rule. */
export function placeOf (rule: RuleName, at: number, covers: readonly number[] = [], severity: FindingSeverity = RULES[rule].severity): Place {
  return { rule, severity, at, covers }
}

/** Finds lines and columns, both from 1, in a text. */
export class Lines {
  readonly text: string
  readonly #starts: readonly number[]

  constructor (text: string) {
    this.text = text
    this.#starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  }

  lineOf (at: number): number {
    let [low, high] = [0, this.#starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#starts[middle] ?? 0) <= at) low = middle
      else high = middle
    }
    return low + 1
  }

  columnOf (at: number): number {
    return at - this.startOf(this.lineOf(at)) + 1
  }

  startOf (line: number): number {
    return this.#starts[line - 1] ?? this.text.length
  }

  /** The text of a line, without its end. */
  textOf (line: number): string {
    return this.text.slice(this.startOf(line), this.startOf(line + 1)).trimEnd()
  }

  get count (): number {
    return this.#starts.length
  }
}

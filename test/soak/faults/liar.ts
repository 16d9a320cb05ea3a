import type { Arsenal } from './arsenal.ts'
import type { Lie } from './kinds.ts'
import { type WireMessage, bytesOf } from './messages.ts'

// The frame's replies, and those of a prepared statement: what can be taken for the answer to a neighbour.
const PLAIN = /^2DC2D*CZ$/
const NUMBER_BYTES = 4

/** Changes the answers of one connection. What it has is handed on when it is whole. */
export class Liar {
  readonly #arsenal: Arsenal
  readonly #ids: readonly string[]
  #lie: Lie | undefined
  #first: WireMessage[] | undefined
  #answer: WireMessage[] = []
  /** The lie that was told. */
  told: Lie | undefined

  constructor (arsenal: Arsenal, ids: readonly string[]) {
    this.#arsenal = arsenal
    this.#ids = ids
  }

  /** Whether it waits for the rest of an answer. */
  get isHolding (): boolean {
    return this.#lie !== undefined
  }

  /** Takes the first message of an answer, with others queued behind it. */
  consider (message: WireMessage): void {
    if (this.told !== undefined || message.type !== '2') return
    this.#lie = this.#arsenal.nextLie
  }

  /** Takes one message, and returns what goes to the client. */
  take (message: WireMessage): Buffer {
    this.#answer.push(message)
    const isPlain = PLAIN.test(this.#answer.map(({ type }) => type).join(''))
    if (isPlain) return this.#finish(this.#answer)
    // Notices come at any time; whatever else is no answer for a lie, once it is whole.
    return message.type === 'Z' || this.#answer.length > 100 ? this.#giveUp() : Buffer.alloc(0)
  }

  #giveUp (): Buffer {
    const held = bytesOf([...this.#first ?? [], ...this.#answer])
    this.#reset()
    return held
  }

  #reset (): void {
    this.#lie = this.#first = undefined
    this.#answer = []
  }

  #finish (answer: WireMessage[]): Buffer {
    const lie = this.#lie
    // The registry's answers have the settings of the catalog and no tenant: there is nothing to rename.
    if (lie === undefined || (lie === 'other tenant' && !this.#hasId(answer))) return this.#giveUp()
    if (lie === 'swap' && this.#first === undefined) {
      this.#first = answer
      this.#answer = []
      return Buffer.alloc(0)
    }
    const changed = this.#change(lie, answer, this.#first ?? [])
    this.#reset()
    this.told = lie
    this.#arsenal.told(lie)
    return changed
  }

  #change (lie: Lie, answer: WireMessage[], first: WireMessage[]): Buffer {
    if (lie === 'drop') return Buffer.alloc(0)
    if (lie === 'duplicate') return bytesOf([...answer, ...answer])
    if (lie === 'swap') return bytesOf([...answer, ...first])
    const bytes = Buffer.from(bytesOf(answer))
    const row = (answer[0]?.bytes.length ?? 0) + (answer[1]?.bytes.length ?? 0)
    if (lie === 'other number') bytes.writeInt32BE(bytes.readInt32BE(row - NUMBER_BYTES) ^ 1, row - NUMBER_BYTES)
    else this.#rename(bytes.subarray(0, row))
    return bytes
  }

  /** All ids have the same length. */
  #rename (row: Buffer): void {
    for (const [at, id] of this.#ids.entries()) {
      const found = row.indexOf(id)
      if (found === -1) continue
      const other = this.#ids[(at + 1) % this.#ids.length] ?? id
      for (let from = found; from !== -1; from = row.indexOf(id, from)) row.write(other, from)
      return
    }
  }

  /** Whether the settings in front of an answer say whose it is. */
  #hasId ([, settings]: readonly WireMessage[]): boolean {
    return settings !== undefined && this.#ids.some((id) => settings.bytes.includes(id))
  }
}

import { BACKEND, HEADER, lengthAt } from '../wire/index.ts'
import type { Cycle } from './cycle.ts'
import type { Verdict } from './request.ts'

/** Whose answers are read. */
export interface AnswerOwner {
  /** The cycle that the next message belongs to. */
  readonly head: Cycle | undefined
  /** False once nothing more is to be read. */
  readonly isUsable: boolean
  judge (cycle: Cycle | undefined, type: number, chunk: Buffer, at: number, length: number): Exclude<Verdict, 'retry'>
  /** The answer of a cycle is whole and was handed over. */
  finish (cycle: Cycle): void
  /** A message was not the one that was due, or says that the server ends the connection. */
  doubt (type: number, message: Buffer): void
}

/**
 * Takes what a server sends apart into messages, and hands each to the cycle at the head; runs of messages that have one
 * receiver are handed on as one piece of the chunk.
 */
export class AnswerReader {
  readonly #owner: AnswerOwner
  #rest: Buffer | undefined
  /** Bytes of a long row whose beginning was handed on already. */
  #due = 0

  constructor (owner: AnswerOwner) {
    this.#owner = owner
  }

  read (bytes: Buffer): void {
    const chunk = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes])
    this.#rest = undefined
    let at = this.#passDue(chunk)
    // Where the run begins that is to be handed on.
    let from = at
    while (chunk.length - at >= HEADER && this.#owner.isUsable) {
      const length = lengthAt(chunk, at)
      const { head } = this.#owner
      if (chunk.length - at < length) break
      const type = chunk[at] ?? 0
      const verdict = this.#owner.judge(head, type, chunk, at, length)
      if (verdict !== 'pass' && from < at) head?.owner.receive(chunk.subarray(from, at))
      at += length
      if (verdict === 'kill') return this.#owner.doubt(type, chunk.subarray(at - length, at))
      if (verdict !== 'pass') {
        from = at
        if (verdict !== 'swallow') head?.owner.receive(verdict.instead)
      } else if (type === BACKEND.ready && head !== undefined) {
        head.owner.receive(chunk.subarray(from, at))
        from = at
        this.#owner.finish(head)
      }
    }
    if (this.#owner.isUsable) this.#keep(chunk, from, at)
  }

  /** Hands on what is left of a long row, and returns where the next message begins. */
  #passDue (chunk: Buffer): number {
    if (this.#due === 0) return 0
    const length = Math.min(this.#due, chunk.length)
    this.#due -= length
    this.#owner.head?.owner.receive(chunk.subarray(0, length))
    return length
  }

  /** Hands on what is whole, and the beginning of a row that is not; keeps any other beginning. */
  #keep (chunk: Buffer, from: number, at: number): void {
    const { head } = this.#owner
    const isLongRow = chunk.length - at >= HEADER && head?.isPassing === true && head.enclosure?.isHolding !== true && isRow(chunk[at] ?? 0)
    const end = isLongRow ? chunk.length : at
    if (end > from) head?.owner.receive(chunk.subarray(from, end))
    if (isLongRow) {
      head.hasRows = true
      this.#due = lengthAt(chunk, at) - (chunk.length - at)
    } else if (at < chunk.length) {
      this.#rest = chunk.subarray(at)
    }
  }
}

function isRow (type: number): boolean {
  return type === BACKEND.dataRow || type === BACKEND.copyData
}

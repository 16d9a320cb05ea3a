import type { Socket } from 'node:net'
import type { Arsenal } from './arsenal.ts'
import type { Action, Lie, Point } from './kinds.ts'
import { Liar } from './liar.ts'
import { MessageSplitter, type WireMessage, bytesOf } from './messages.ts'

/** Until then, whoever noticed a lie has closed the connection: at once, or when the next answer comes in place of the one that was dropped. */
const BELIEVED_AFTER_MS = 500
const DROP_BELIEVED_AFTER_MS = 2_500
/** Both sides of the proxy live in this process: after so many turns of its loop the client has read what it was sent. */
const READ_AFTER_TURNS = 20

/** One connection through the proxy. It knows what the two sides are in the middle of, and breaks there. */
export class Link {
  readonly #client: Socket
  readonly #server: Socket
  readonly #arsenal: Arsenal
  readonly #liar: Liar
  #isLoggedIn = false
  #isStalled = false
  #isInTransaction = false
  #commit: WireMessage | undefined
  /** True between an answer's first message and its last. */
  #isAnswering = false
  /** Whether the connection ends for a reason of its own: the server went away, or the client has said goodbye. */
  #isOver = false
  /** There from when the client has heard a lie: whatever it says then shows that it believes it. */
  #believes: (() => void) | undefined
  /** How often the server has to become ready for all that it was sent. */
  #due = 0

  constructor (client: Socket, server: Socket, arsenal: Arsenal, ids: readonly string[]) {
    this.#client = client
    this.#server = server
    this.#arsenal = arsenal
    this.#liar = new Liar(arsenal, ids)
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', () => {})
    const [fromClient, fromServer] = [new MessageSplitter(true), new MessageSplitter(false)]
    client.on('data', (chunk: Buffer) => this.#sent(fromClient.split(chunk)))
    server.on('data', (chunk: Buffer) => this.#answered(fromServer.split(chunk)))
    client.on('close', () => server.destroy())
    server.on('close', () => {
      this.#isOver ||= !client.destroyed
      if (!this.#isStalled) client.destroy()
    })
  }

  /** Breaks now if nothing is under way. */
  idle (): void {
    if (this.#isLoggedIn && this.#due === 0 && !this.#isInTransaction) this.#strike(['while idle'])
  }

  destroy (): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  #sent (messages: readonly WireMessage[]): void {
    if (this.#isStalled || messages.length === 0) return
    this.#believes?.()
    this.#isOver ||= messages.some(({ type }) => type === 'X')
    this.#commit = messages.find(isCommit)
    if (this.#strike(this.#pointsBefore(messages))) return
    this.#due += messages.filter(({ type }) => type === 'S' || type === 'Q').length
    this.#server.write(bytesOf(messages))
  }

  #pointsBefore (messages: readonly WireMessage[]): readonly Point[] {
    if (!this.#isLoggedIn) return ['at log-in']
    if (this.#commit !== undefined) return ['before commit']
    const has = (letters: string): boolean => messages.some(({ type }) => letters.includes(type))
    if (has('d')) return ['in a copy in']
    return has('BQ') ? ['before a statement'] : []
  }

  #answered (messages: readonly WireMessage[]): void {
    if (this.#isStalled || messages.length === 0) return
    if (this.#strike(this.#pointsAfter(messages), bytesOf(messages))) return
    const answer = Buffer.concat(messages.map((message) => this.#handOn(message)))
    if (!this.#client.destroyed) this.#client.write(answer)
    if (this.#isInTransaction && !this.#isAnswering) this.#strike(['in a transaction'])
  }

  #pointsAfter (messages: readonly WireMessage[]): readonly Point[] {
    if (!this.#isLoggedIn) return []
    if (this.#commit !== undefined) return this.#commit.type === 'P' ? ['after a commit in a text'] : ['after commit']
    const has = (letters: string): boolean => messages.some(({ type }) => letters.includes(type))
    return [
      ...has('Hd') ? ['in a copy out'] as const : [],
      ...has('s') ? ['in a cursor'] as const : [],
      ...has('D') ? ['in the middle of an answer'] as const : [],
      'after a statement'
    ]
  }

  #handOn (message: WireMessage): Buffer {
    // A neighbour waits for its answer too, or there would be nobody to be lied to.
    if (this.#isLoggedIn && !this.#isAnswering && this.#due > 1) this.#liar.consider(message)
    this.#isAnswering = message.type !== 'Z'
    if (message.type === 'Z') {
      if (this.#isLoggedIn) this.#due--
      this.#isLoggedIn = true
      this.#isInTransaction = message.bytes.at(-1) !== 'I'.codePointAt(0)
    }
    if (!this.#liar.isHolding) return message.bytes
    const bytes = this.#liar.take(message)
    if (this.#liar.told !== undefined) this.#watch(this.#liar.told)
    return bytes
  }

  /**
   * A lie that is noticed ends the connection. Where it ends for another reason, and nothing was said on it before, nobody knows, and
   * the lie is told once more.
   */
  #watch (lie: Lie): void {
    const believe = (): void => {
      clearTimeout(timer)
      this.#believes = undefined
      this.#arsenal.believed(lie)
    }
    const timer = setTimeout(believe, lie === 'drop' ? DROP_BELIEVED_AFTER_MS : BELIEVED_AFTER_MS)
    if (lie !== 'drop') afterTurns(READ_AFTER_TURNS, () => { this.#believes = believe })
    this.#client.once('close', () => {
      clearTimeout(timer)
      if (this.#isOver) this.#arsenal.arm({ name: `lie: ${lie}`, lie })
    })
  }

  /** Breaks if something waits for one of these points. `rest` is what the server has said and nobody has heard. */
  #strike (points: readonly Point[], rest?: Buffer): boolean {
    // What ends a connection that has lied would hide whether the lie was noticed.
    const fault = this.#liar.isHolding || this.#liar.told !== undefined ? undefined : this.#arsenal.strike(points)
    if (fault === undefined) return false
    if (fault.point === 'in the middle of an answer' && rest !== undefined) this.#client.write(rest.subarray(0, rest.length - Math.ceil(rest.length / 3)))
    this.#break(fault.action)
    return true
  }

  #break (action: Action): void {
    this.#isStalled = true
    if (action === 'stall') return
    if (action === 'reset') {
      this.#client.resetAndDestroy()
      this.#server.resetAndDestroy()
    } else {
      this.#client.end(() => this.destroy())
    }
  }
}

function afterTurns (turns: number, fn: () => void): void {
  if (turns === 0) fn()
  else setImmediate(() => afterTurns(turns - 1, fn))
}

/** In a text of its own, or as the only statement of a text that is prepared. */
function isCommit ({ type, bytes }: WireMessage): boolean {
  return (type === 'Q' || type === 'P') && bytes.includes('commit\0')
}

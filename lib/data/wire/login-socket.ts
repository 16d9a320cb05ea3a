import type { Socket } from 'node:net'
import { characterProblem } from './character-settings.ts'
import { DriverSocket } from './driver-socket.ts'
import { BACKEND, HEADER, lengthAt } from './messages.ts'

/** A connection that is logged in and that nobody uses yet. */
export interface OpenSocket {
  readonly socket: Socket
  /** What a cancel request has to name. Behind a pooler this is the pooler's own. */
  readonly key: { readonly pid: number, readonly secret: number }
  /** What the server says to somebody who has logged in: without the key, which belongs to the connection. */
  readonly greeting: Buffer
}

const KEPT = new Set<number>([BACKEND.parameterStatus, BACKEND.ready])
const AUTHENTICATED = Buffer.from([BACKEND.authentication, 0, 0, 0, 8, 0, 0, 0, 0])

/**
 * The socket of a driver client that only logs in: with a password, SCRAM or whatever else the driver knows. When the
 * server is ready the real connection is taken away from the driver, which never hears of it.
 */
export class LoginSocket extends DriverSocket {
  readonly #onReady: (open: OpenSocket) => void
  readonly #greeting: Buffer[] = [AUTHENTICATED]
  #key = { pid: 0, secret: 0 }
  #rest: Buffer = Buffer.alloc(0)

  constructor (address: { readonly host: string, readonly port: number }, connecting: Promise<Socket>, onReady: (open: OpenSocket) => void) {
    super(address, connecting, () => {})
    this.#onReady = onReady
  }

  protected override receive (chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= HEADER && bytes.length - at >= lengthAt(bytes, at)) {
      const message = bytes.subarray(at, at + lengthAt(bytes, at))
      at += message.length
      if (!this.#take(message)) return
    }
    this.#rest = bytes.subarray(at)
  }

  /**
   * Never of a close: the driver would let go of the socket, and what it writes later, when a password or a SCRAM key has
   * been found, would be written to nothing and end the process (D-09).
   */
  protected override tell (error: Error = new Error('the server closed the connection')): void {
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }

  /** Returns false when the driver has nothing more to do. */
  #take (message: Buffer): boolean {
    const [type = 0] = message
    const problem = type === BACKEND.parameterStatus ? characterProblem(message) : undefined
    if (problem !== undefined) {
      this.fail(new Error(problem))
      return false
    }
    if (KEPT.has(type)) this.#greeting.push(message)
    if (type === BACKEND.keyData) this.#key = { pid: message.readUInt32BE(HEADER), secret: message.readUInt32BE(HEADER + 4) }
    if (type !== BACKEND.ready) {
      this.emit('data', message)
      return true
    }
    const key = this.#key
    const socket = this.detach()
    if (socket !== undefined) this.#onReady({ socket, key, greeting: Buffer.concat(this.#greeting) })
    return false
  }
}

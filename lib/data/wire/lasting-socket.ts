import type { Socket } from 'node:net'
import { DriverSocket } from './driver-socket.ts'

/**
 * The socket of a driver client that ends with its connection.
 *
 * At a close the driver lets go of its socket, and what is written afterwards – by a transaction whose callback goes on, by
 * its rollback, by a log-in that has found its key – is written to nothing and ends the process (D-09). So the driver hears of
 * an error first, which rejects what is on its way; then its client is ended, and sends nothing any more; and only then does it hear
 * of the close, which ends what waits for a transaction.
 */
export class LastingSocket extends DriverSocket {
  readonly #endClient: () => Promise<void>
  #isLoggedIn = false

  constructor (address: { readonly host: string, readonly port: number }, connecting: Promise<Socket>, endClient: () => Promise<void>) {
    super(address, connecting, () => {})
    this.#endClient = endClient
  }

  /** From now on the driver may hear of a close; while it logs in it would write to nothing, and nothing waits for one. */
  logInEnded (): void {
    this.#isLoggedIn = true
  }

  protected override tell (error: Error = Object.assign(new Error('the server closed the connection'), { code: 'CONNECTION_CLOSED' })): void {
    // A client that has ended takes its listener away.
    if (this.listenerCount('data') === 0) return super.tell(error)
    this.emit('error', error)
    this.#endClient().then(() => {
      if (this.#isLoggedIn) super.tell(undefined)
    }, () => {})
  }
}

import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

/**
 * What the driver takes for its socket: a facade in front of one real connection.
 *
 * It has exactly what the driver uses, and decides when the driver hears of what. An error and the close behind it come
 * in one synchronous step: between the two the driver would accept a statement and never settle it (D-10). An error that
 * comes when the driver has taken its listeners away reaches nobody and ends nothing (D-09).
 */
export class DriverSocket extends EventEmitter {
  readonly host: string
  readonly port: number
  readonly #onEnd: (error: Error | undefined) => void
  #raw: Socket | undefined
  #unsent: Buffer[] = []
  #keepAliveMs: number | undefined
  #isEnded = false

  /** `connecting` is the real connection; `onEnd` is called once, before the driver hears of it. */
  constructor (address: { readonly host: string, readonly port: number }, connecting: Promise<Socket>, onEnd: (error: Error | undefined) => void) {
    super()
    this.host = address.host
    this.port = address.port
    this.#onEnd = onEnd
    connecting.then((raw) => this.#attach(raw), (error: unknown) => {
      // One turn later: the driver has to have its listeners on by then.
      setImmediate(() => this.fail(error instanceof Error ? error : new Error('no connection', { cause: error })))
    })
  }

  get readyState (): string {
    if (this.#isEnded) return 'closed'
    return this.#raw === undefined ? 'opening' : this.#raw.readyState
  }

  write (bytes: Buffer, written?: (error?: Error | null) => void): boolean {
    if (this.#isEnded) {
      if (written !== undefined) process.nextTick(written, new Error('the connection is closed'))
      return false
    }
    if (this.#raw !== undefined) return written === undefined ? this.#raw.write(bytes) : this.#raw.write(bytes, written)
    this.#unsent.push(bytes)
    if (written !== undefined) process.nextTick(written)
    return true
  }

  /** Says goodbye; the server closes. */
  end (bytes?: Buffer): this {
    if (this.#raw === undefined) return this.destroy()
    if (bytes === undefined) this.#raw.end()
    else this.#raw.end(bytes)
    return this
  }

  /** Closes at once. The driver hears of it one turn later, never from inside its own call. */
  destroy (): this {
    this.#raw?.destroy()
    setImmediate(() => this.#finish(undefined))
    return this
  }

  /** Ends with an error now: what the driver has on its way is rejected with it. */
  fail (error: Error): void {
    this.#finish(error)
  }

  pause (): this {
    this.#raw?.pause()
    return this
  }

  resume (): this {
    this.#raw?.resume()
    return this
  }

  setKeepAlive (_isOn: boolean, delayMs: number): this {
    this.#keepAliveMs = delayMs
    this.#raw?.setKeepAlive(true, delayMs)
    return this
  }

  /** Hands bytes of the server to the driver. */
  protected receive (chunk: Buffer): void {
    this.emit('data', chunk)
  }

  /** Lets go of the real connection, which goes on without the driver, and ends for the driver. */
  protected detach (): Socket | undefined {
    const raw = this.#raw
    this.#raw = undefined
    raw?.removeAllListeners()
    raw?.on('error', () => {})
    this.fail(new Error('the connection was taken over'))
    return raw
  }

  #attach (raw: Socket): void {
    raw.on('error', (error) => this.#finish(error))
    raw.on('close', () => this.#finish(undefined))
    if (this.#isEnded) {
      raw.destroy()
      return
    }
    this.#raw = raw
    raw.on('data', (chunk) => this.receive(chunk))
    raw.on('drain', () => this.emit('drain'))
    if (this.#keepAliveMs !== undefined) raw.setKeepAlive(true, this.#keepAliveMs)
    for (const bytes of this.#unsent.splice(0)) raw.write(bytes)
  }

  #finish (error: Error | undefined): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#onEnd(error)
    this.#raw?.destroy()
    this.tell(error)
  }

  /** Tells the driver that the connection is gone. */
  protected tell (error: Error | undefined): void {
    if (error !== undefined && this.listenerCount('error') > 0) this.emit('error', error)
    this.emit('close', error !== undefined)
  }
}

/** What a lane does with what the driver does to its socket. */
export interface VirtualSocketEvents {
  /** The driver wrote whole messages. */
  written (bytes: Buffer): void
  paused (isPaused: boolean): void
}

type Listener = (argument: unknown) => void

/**
 * What the driver of a lane takes for a socket that is connected and logged in. It has exactly what the driver uses. It
 * is never read from inside one of the driver's own calls: the driver would lose what it writes in answer.
 */
export class VirtualSocket {
  /** The driver waits for a close that would never come if this were "open". */
  readyState: 'open' | 'closed' = 'open'
  readonly #greeting: Buffer
  readonly #events: VirtualSocketEvents
  // The only events there are: fields, because one hears of every answer.
  #onData: Listener | undefined
  #onError: Listener | undefined
  #isGreeted = false
  #reason = new Error('the lane was given up')

  /** `greeting` is what a server says when somebody has logged in. */
  constructor (greeting: Buffer, events: VirtualSocketEvents) {
    this.#greeting = greeting
    this.#events = events
  }

  get isClosed (): boolean {
    return this.readyState === 'closed'
  }

  /** Hands bytes of the server to the driver, if there are any, and those behind them. */
  deliver (bytes: Buffer | undefined, behind?: Buffer): void {
    if (!this.isClosed && bytes !== undefined) this.#onData?.(bytes)
    if (behind !== undefined) this.deliver(behind)
  }

  /** Ends the socket: what the driver has on its way is rejected, in one synchronous step (D-10). */
  fail (reason: Error): void {
    if (this.isClosed) return
    this.readyState = 'closed'
    this.#reason = reason
    this.#end()
  }

  /**
   * The driver is told of an error and never of a close: it would let go of the socket, and the next rows that somebody's
   * cursor asks for, or the end of one, would be written to nothing and end the process.
   */
  #end (): void {
    // An error of its own, because the driver writes the statement and its parameters into it.
    const error = new Error(this.#reason.message, { cause: this.#reason })
    this.#onError?.(Object.assign(error, { code: Reflect.get(this.#reason, 'code') }))
    this.removeAllListeners()
  }

  write (bytes: Buffer, written?: () => void): boolean {
    if (written !== undefined) process.nextTick(written)
    if (this.isClosed) return false
    if (this.#isGreeted) {
      this.#events.written(bytes)
    } else {
      this.#isGreeted = true
      process.nextTick(() => this.deliver(this.#greeting))
    }
    return true
  }

  on (event: string, listener: Listener): this {
    this.#listen(event, listener)
    // Given up before the driver had connected: it learns so when it listens.
    if (event === 'data' && this.isClosed) process.nextTick(() => this.#end())
    return this
  }

  once (event: string, listener: Listener): this {
    return this.on(event, listener)
  }

  removeListener (event: string): this {
    this.#listen(event, undefined)
    return this
  }

  removeAllListeners (): this {
    this.#onData = this.#onError = undefined
    return this
  }

  #listen (event: string, listener: Listener | undefined): void {
    if (event === 'data') this.#onData = listener
    else if (event === 'error') this.#onError = listener
  }

  end (): this {
    return this.destroy()
  }

  destroy (): this {
    this.readyState = 'closed'
    return this
  }

  pause (): this {
    this.#events.paused(true)
    return this
  }

  resume (): this {
    this.#events.paused(false)
    return this
  }

  setKeepAlive (): this {
    return this
  }
}

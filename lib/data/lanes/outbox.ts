import type { Socket } from 'node:net'

const SIZE = 64 * 1024
/** What is longer goes out as it is, without being copied. */
const LONG = 16 * 1024
/** Up to so many bytes are put one by one: to make a view of them, or to ask whether they fit, takes longer. */
const SHORT = 64

/** Bytes that are to be written to a socket in one go. */
export class Outbox {
  #buffer = Buffer.allocUnsafe(SIZE)
  #from = 0
  #to = 0
  #full: Buffer[] = []

  get isEmpty (): boolean {
    return this.#to === this.#from && this.#full.length === 0
  }

  /** Puts `bytes`, or what is in them from `from` on. */
  put (bytes: Buffer, from = 0): void {
    const length = bytes.length - from
    if (length > LONG) {
      this.#close()
      this.#full.push(bytes.subarray(from))
      return
    }
    this.#reserve(length)
    if (length > SHORT) this.#to += bytes.copy(this.#buffer, this.#to, from)
    else for (let at = from; at < bytes.length; at++) this.#buffer[this.#to++] = bytes[at] ?? 0
  }

  /** Puts `bytes` with a number written over four of them. */
  putNumbered (bytes: Buffer, number: number, at: number): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#to)
    this.#buffer.writeInt32BE(number, this.#to + at)
    this.#to += bytes.length
  }

  /** Puts the head of a message whose body has `length` bytes. */
  putHeader (type: number, length: number): void {
    this.#reserve(5)
    this.#buffer[this.#to] = type
    this.#buffer.writeInt32BE(length + 4, this.#to + 1)
    this.#to += 5
  }

  /** Puts a text of ASCII characters. */
  putName (name: string): void {
    this.#reserve(name.length)
    this.#to += this.#buffer.write(name, this.#to, 'latin1')
  }

  /** Writes everything, and is empty. */
  writeTo (socket: Socket): void {
    if (this.#full.length === 0) {
      socket.write(this.#take())
      return
    }
    this.#close()
    socket.cork()
    for (const bytes of this.#full.splice(0)) socket.write(bytes)
    socket.uncork()
  }

  /** The socket keeps what it was given until it is sent, so that part of the buffer is not used again. */
  #take (): Buffer {
    const bytes = this.#buffer.subarray(this.#from, this.#to)
    this.#from = this.#to
    return bytes
  }

  #close (): void {
    if (this.#to > this.#from) this.#full.push(this.#take())
  }

  #reserve (length: number): void {
    if (this.#buffer.length - this.#to >= length) return
    if (this.#to > this.#from) {
      this.#full.push(this.#take())
    }
    this.#buffer = Buffer.allocUnsafe(Math.max(SIZE, length))
    this.#from = this.#to = 0
  }
}

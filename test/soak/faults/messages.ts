/** One message of the protocol, as it is on the wire. */
export interface WireMessage {
  /** Its letter; empty for what a client says first. */
  readonly type: string
  readonly bytes: Buffer
}

/** Takes what comes from one side apart into whole messages. */
export class MessageSplitter {
  #rest = Buffer.alloc(0)
  #isFirst: boolean

  /** What a client says first has no letter. */
  constructor (isClient: boolean) {
    this.#isFirst = isClient
  }

  split (chunk: Buffer): WireMessage[] {
    const bytes = Buffer.concat([this.#rest, chunk])
    const messages: WireMessage[] = []
    let at = 0
    for (;;) {
      const head = this.#isFirst ? 0 : 1
      if (bytes.length - at < head + 4) break
      const length = bytes.readInt32BE(at + head) + head
      if (bytes.length - at < length) break
      messages.push({ type: bytes.toString('latin1', at, at + head), bytes: bytes.subarray(at, at + length) })
      this.#isFirst = false
      at += length
    }
    this.#rest = bytes.subarray(at)
    return messages
  }
}

export function bytesOf (messages: readonly WireMessage[]): Buffer {
  return Buffer.concat(messages.map(({ bytes }) => bytes))
}

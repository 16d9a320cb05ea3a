import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'

interface TestScope {
  teardown (fn: () => unknown): void
}

/** What happens to a connection when a marked text goes by. */
export type Fault = 'cut before' | 'cut after' | 'reset' | 'stall' | 'late rest'

/** So long what stands behind the marked text comes later. */
const LATE_MS = 700

/** A server between client and PostgreSQL that breaks connections on purpose. */
export interface FaultyProxy {
  /** `url` with the proxy's address. */
  readonly url: string
  /** From now on, the first connection that sends `text` to the server gets `fault`. */
  arm (text: string, fault: Fault): void
  /** Whether the fault has struck. */
  readonly hasStruck: boolean
  /** How often clients have sent something. */
  readonly writes: number
}

/** Starts a proxy in front of the server of `url`, and stops it when `t` ends. */
export async function faultyProxy (t: TestScope, url: string): Promise<FaultyProxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let armed: { readonly text: string, readonly fault: Fault } | undefined
  let writes = 0
  const server = createServer((client) => {
    const upstream = createConnection({ host: target.hostname, port: Number(target.port || 5432) })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    const cut = (): void => {
      client.destroy()
      upstream.destroy()
    }
    client.on('close', cut)
    upstream.on('close', cut)
    upstream.on('data', (chunk) => client.write(chunk))
    client.on('data', (chunk) => {
      writes++
      const at = armed === undefined ? -1 : chunk.indexOf(armed.text)
      const { text = '', fault } = at === -1 ? {} : armed ?? {}
      if (fault !== undefined) armed = undefined
      if (fault === undefined) {
        upstream.write(chunk)
      } else if (fault === 'late rest') {
        upstream.write(chunk.subarray(0, at + text.length))
        setTimeout(() => upstream.write(chunk.subarray(at + text.length)), LATE_MS)
      } else if (fault === 'stall') {
        client.pause()
      } else if (fault === 'reset') {
        client.resetAndDestroy()
      } else if (fault === 'cut before') {
        cut()
      } else {
        // The server has it and answers, and nobody hears: so it is done.
        upstream.removeAllListeners('data')
        upstream.write(chunk)
        upstream.once('data', cut)
      }
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const own = new URL(url)
  own.hostname = '127.0.0.1'
  own.port = String(addressOf(server.address()).port)
  return {
    url: own.href,
    arm: (text, fault) => { armed = { text, fault } },
    get hasStruck () { return armed === undefined },
    get writes () { return writes }
  }
}

function addressOf (address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return address
}

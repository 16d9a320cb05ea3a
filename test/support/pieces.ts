import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'

interface TestScope {
  teardown (fn: () => unknown): void
}

/** How what the server sends arrives: in pieces of so many bytes, or as one when it has been quiet for a while. */
export type Pieces = number | 'joined'

const QUIET_MS = 4

/** A way to the server of `url` that cuts or joins what the server sends, and can put in more. */
export interface PiecesProxy {
  readonly url: string
  /** Bytes that the server sends behind the next ReadyForQuery of every connection, as if it had sent them. */
  inject (bytes: Buffer): void
}

/** Starts it, and stops it when `t` ends. */
export async function piecesProxy (t: TestScope, url: string, pieces: Pieces): Promise<PiecesProxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = createConnection({ host: target.hostname, port: Number(target.port || 5432), noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    clients.add(client)
    client.on('close', () => clients.delete(client)).pipe(upstream)
    upstream.on('data', pieces === 'joined' ? joining(client) : cutting(client, pieces))
  })
  const clients = new Set<Socket>()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(portOf(server.address())) }).href,
    inject: (bytes) => { for (const client of clients) client.write(bytes) }
  }
}

/** One piece for each turn of the event loop, so that it arrives by itself. */
function cutting (client: Socket, size: number): (chunk: Buffer) => void {
  const due: Buffer[] = []
  const next = (): void => {
    const [first] = due
    if (first === undefined || client.destroyed) return
    client.write(first.subarray(0, size))
    if (first.length > size) due[0] = first.subarray(size)
    else due.shift()
    setImmediate(next)
  }
  return (chunk) => {
    due.push(chunk)
    if (due.length === 1) next()
  }
}

function joining (client: Socket): (chunk: Buffer) => void {
  let held: Buffer[] = []
  let timer: NodeJS.Timeout | undefined
  return (chunk) => {
    held.push(chunk)
    clearTimeout(timer)
    timer = setTimeout(() => {
      const bytes = Buffer.concat(held)
      held = []
      if (!client.destroyed) client.write(bytes)
    }, QUIET_MS)
  }
}

function portOf (address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}

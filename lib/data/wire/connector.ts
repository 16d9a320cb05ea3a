import { createConnection, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'

/** Where a server listens, and how a connection to it is secured. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  /** Path of a Unix socket; goes before host and port. */
  readonly path: string | undefined
  /** postgres.js's option `ssl`. */
  readonly ssl: unknown
  /** postgres.js's option `sslnegotiation`. */
  readonly isTlsDirect: boolean
}

/** The sockets that this package made: in a test, whatever else speaks to the database goes past it. */
const own = new WeakSet<Socket>()

/** Tells whether this package made the socket. */
export function isOwnSocket (socket: Socket): boolean {
  return own.has(socket)
}

/** The message that asks a server for TLS; it answers with one byte. */
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const YES = 'S'.charCodeAt(0)
const NO = 'N'.charCodeAt(0)

/**
 * Returns a connected socket, secured as the driver would have done it.
 *
 * TLS is made here, below what the driver sees, so that one object of ours decides when an error or a close is told: a
 * driver that removes its listeners from a TLS socket leaves an error that nobody hears and that ends the process.
 */
export async function connectTo (address: ServerAddress, timeoutMs: number): Promise<Socket> {
  const socket = await connectPlain(address, timeoutMs)
  const { ssl, isTlsDirect, host } = address
  if (ssl === false || ssl === undefined || ssl === null) return socket
  return await within(socket, timeoutMs, async () => {
    if (!isTlsDirect && !await acceptsTls(socket, ssl === 'prefer')) return socket
    return await secure(socket, { ...tlsOptions(ssl, host), ...(isTlsDirect ? { ALPNProtocols: ['postgresql'] } : {}) })
  })
}

function connectPlain ({ host, port, path }: ServerAddress, timeoutMs: number): Promise<Socket> {
  const socket = path === undefined ? createConnection({ host, port, noDelay: true }) : createConnection({ path })
  own.add(socket)
  return within(socket, timeoutMs, () => new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection')))
  }))
}

async function within<T> (socket: Socket, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => socket.destroy(new Error('no connection before the deadline')), timeoutMs)
  try {
    return await work()
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    // Whoever gets the socket listens to it himself; until then an error must not end the process.
    socket.on('error', () => {})
  }
}

async function acceptsTls (socket: Socket, mayRefuse: boolean): Promise<boolean> {
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection')))
    socket.write(TLS_REQUEST)
  })
  // More than one byte was put there by somebody in between, to be read as if it had come through TLS.
  if (answer.length === 1 && answer[0] === YES) return true
  if (answer.length === 1 && answer[0] === NO && mayRefuse) return false
  throw new Error('the server does not offer TLS')
}

function secure (socket: Socket, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connectTls({ ...options, socket })
    own.add(tls)
    tls.once('secureConnect', () => resolve(tls))
    tls.on('error', reject)
    tls.once('close', () => reject(new Error('the server closed the connection')))
  })
}

/** As the driver reads its option: `require`, `allow` and `prefer` encrypt and trust anybody; the rest verify. */
function tlsOptions (ssl: unknown, host: string): ConnectionOptions {
  // With the host, an address has to stand in the certificate as a name has to.
  const name = isIP(host) === 0 ? { host, servername: host } : { host }
  if (ssl === 'require' || ssl === 'allow' || ssl === 'prefer') return { ...name, rejectUnauthorized: false }
  return typeof ssl === 'object' ? { ...name, ...ssl } : name
}

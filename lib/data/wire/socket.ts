import { createConnection, type Socket } from 'node:net'

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  /** Path of a Unix socket; goes before host and port. */
  readonly path: string | undefined
}

/**
 * Returns the `socket` option for one client of the driver: a function that opens one socket, once.
 *
 * The driver would reconnect by itself and go on in the middle of what was a transaction (D-02, D-03). A second call is
 * refused, so a lane lives and dies with its socket.
 */
export function oneSocket (address: ServerAddress, timeoutMs: number, onOpen: (socket: Socket) => void): () => Promise<Socket> {
  let isUsed = false
  return async () => {
    if (isUsed) throw new Error('a lane does not reconnect')
    isUsed = true
    const socket = await connect(address, timeoutMs)
    onOpen(socket)
    return socket
  }
}

function connect (address: ServerAddress, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { host, port, path } = address
    const socket = path === undefined ? createConnection({ host, port, noDelay: true }) : createConnection({ path })
    // The driver reads host and port for its messages, and host for the name that a TLS certificate has to have.
    Object.assign(socket, { host, port })
    const timer = setTimeout(() => socket.destroy(new Error('no connection before the deadline')), timeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeListener('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
    socket.once('close', () => clearTimeout(timer))
  })
}

import type { DriverSocket } from './driver-socket.ts'

/** What makes a driver client connect once. */
export interface SingleSocket {
  /** The driver's options for it. */
  readonly options: { readonly socket: () => DriverSocket, readonly pass: () => Promise<string> }
  /** Ends the connection with this error, and makes none any more. */
  readonly fail: (error: Error) => void
}

/**
 * Returns the options of a driver client that connects once, with what `make` returns. By itself the driver would
 * reconnect and go on in the middle of what was a transaction (D-02, D-03), or try for ever, without a pause, where a
 * server closes instead of answering.
 *
 * The driver asks for a password in promises that nobody handles: one that fails, is no text, or comes when the
 * connection has gone would end the process (D-09). Here the first two end the connection, and the last is not answered.
 */
export function singleSocket (make: () => DriverSocket, password: unknown): SingleSocket {
  let socket: DriverSocket | undefined
  let isClosed = false
  const fail = (error: Error): void => {
    isClosed = true
    socket?.fail(error)
  }
  const hasEnded = (): boolean => isClosed || socket?.readyState === 'closed'
  return {
    fail,
    options: {
      socket: () => {
        if (socket !== undefined || isClosed) throw new Error('the server closed the connection')
        socket = make()
        return socket
      },
      pass: async () => {
        const text = await readPassword(password).catch((error: Error) => error)
        if (text instanceof Error) fail(text)
        return text instanceof Error || hasEnded() ? await new Promise<never>(() => {}) : text
      }
    }
  }
}

/** Returns a password that may be a function, and rejects with an error of our own: the driver writes into errors. */
export async function readPassword (password: unknown): Promise<string> {
  let text: unknown
  try {
    text = typeof password === 'function' ? await password() : password
  } catch (cause) {
    throw new Error('the password could not be fetched', { cause })
  }
  if (typeof text !== 'string') throw new Error('the password is no text')
  return text
}

import type { Socket } from 'node:net'
import { int32 } from './messages.ts'

const CANCEL = 80877102

/** Sends a cancel request on a connection of its own, and returns when the server has closed it. */
export function sendCancel (socket: Socket, { pid, secret }: { readonly pid: number, readonly secret: number }): Promise<void> {
  const request = Buffer.concat([int32(16), int32(CANCEL), int32(0), int32(0)])
  request.writeUInt32BE(pid, 8)
  request.writeUInt32BE(secret, 12)
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
    socket.resume()
    socket.end(request)
  })
}

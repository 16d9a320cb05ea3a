import { Socket } from 'node:net'
import { isOwnSocket } from '../../../data/wire/index.ts'

/** A statement that went to the database, and whether this package sent it. */
export type OnStatement = (sql: string, isOwn: boolean) => void

const QUERY = 0x51
const PARSE = 0x50
const BIND = 0x42

/**
 * Listens to what this process writes to `port`, and calls `onStatement` with each statement that is executed there. Returns
 * what ends it.
 *
 * WHY THE SOCKET: a second client may have the same role, options and application name as the plugin has, and what it
 * writes is the one thing that it cannot do without. Nothing is changed, and nothing is there while no suite runs.
 */
export function tapWire (port: number, onStatement: OnStatement): () => void {
  const names = new WeakMap<Socket, Map<string, string>>()
  const original = Socket.prototype.write
  const tapped: typeof original = function (this: Socket, ...args: unknown[]): boolean {
    const [chunk] = args
    if (this.remotePort === port && chunk instanceof Uint8Array) {
      const isOwn = isOwnSocket(this)
      const known = names.get(this) ?? new Map<string, string>()
      names.set(this, known)
      for (const sql of statementsIn(Buffer.from(chunk), known)) onStatement(sql, isOwn)
    }
    return Reflect.apply(original, this, args)
  }
  Object.defineProperty(Socket.prototype, 'write', { value: tapped, configurable: true, writable: true })
  return () => {
    // Duplex has the method; Socket has none of its own.
    Reflect.deleteProperty(Socket.prototype, 'write')
  }
}

/** Returns the statements that a piece of the frontend/backend protocol executes; `known` are those that have names. */
export function statementsIn (bytes: Buffer, known: Map<string, string>): readonly string[] {
  const found: string[] = []
  for (let at = 0; at + 5 <= bytes.length;) {
    const type = bytes[at]
    const end = at + 1 + bytes.readInt32BE(at + 1)
    if (end <= at + 4 || end > bytes.length) break
    const [first = '', second = ''] = bytes.toString('utf8', at + 5, end).split('\0', 2)
    if (type === QUERY) found.push(first)
    if (type === PARSE) known.set(first, second)
    if (type === BIND) found.push(known.get(second) ?? '')
    at = end
  }
  return found.filter((sql) => sql !== '')
}

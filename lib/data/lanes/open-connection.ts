import type { Driver, OpenSocket, SettingsDialect } from '../wire/index.ts'
import { HEADER, lengthAt } from '../wire/index.ts'
import { type PlaceMark, assertPlace } from './assert-place.ts'
import { withDeadline } from './deadline.ts'

/** What a new connection is told. */
interface ConnectionOptions {
  readonly mark?: PlaceMark | undefined
  readonly isPooled: boolean
  readonly timeouts: { readonly connect: number, readonly statement: number, readonly transaction: number }
}

/** Opens a connection: logs in, and prepares what stands in front of every statement. */
export async function openConnection (driver: Driver, dialect: SettingsDialect, { isPooled, timeouts, mark }: ConnectionOptions): Promise<OpenSocket> {
  // The same for every tenant, and what RESET goes back to. A pooler would refuse it.
  const parameters: Record<string, string> = isPooled
    ? {}
    : { statement_timeout: String(timeouts.statement), idle_in_transaction_session_timeout: String(timeouts.transaction) }
  const open = await driver.logIn(parameters)
  return await withDeadline(prepared(open, dialect, mark), timeouts.connect, () => {
    open.socket.destroy()
    return new Error('no answer before the deadline')
  })
}

async function prepared (open: OpenSocket, dialect: SettingsDialect, mark: PlaceMark | undefined): Promise<OpenSocket> {
  if (mark !== undefined) await assertPlace(open, mark)
  return dialect.setUpReplies.length === 0 ? open : await setUp(open, dialect)
}

function setUp (open: OpenSocket, { setUp, setUpReplies }: SettingsDialect): Promise<OpenSocket> {
  const { socket } = open
  return new Promise((resolve, reject) => {
    let rest = Buffer.alloc(0)
    const due = [...setUpReplies]
    const end = (error?: Error): void => {
      socket.removeAllListeners('data')
      socket.removeAllListeners('close')
      if (error === undefined) return resolve(open)
      socket.destroy()
      reject(error)
    }
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= HEADER && rest.length >= lengthAt(rest, 0)) {
        if (rest[0] !== due.shift()) return end(new Error('the server does not prepare what sets the tenant'))
        rest = rest.subarray(lengthAt(rest, 0))
        if (due.length === 0) return end()
      }
    })
    socket.on('close', () => end(new Error('the server closed the connection')))
    socket.write(setUp)
  })
}

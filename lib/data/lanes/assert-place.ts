import { PlaceWrongError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { BACKEND, HEADER, IDLE, type OpenSocket, lengthAt, queryOf } from '../wire/index.ts'

/** What a database says of itself, and has to say: its name, the deployment it belongs to and, if it is one tenant's own, whose. */
export interface PlaceMark {
  readonly database: string | undefined
  readonly deployment: string
  readonly tenantId: string
}

const MARK_SQL = 'select pg_catalog.current_database()::pg_catalog.text, ' +
  `(select deployment::pg_catalog.text from ${quoteIdentifier(CONTROL_SCHEMA)}.place), ` +
  `coalesce((select tenant from ${quoteIdentifier(CONTROL_SCHEMA)}.place), '')`

/**
 * Asks a new connection where it leads: a database may have been renamed, restored from another one, or be used again
 * for somebody else, and its tables have the same names.
 *
 * @throws {PlaceWrongError} FST_TENANCY_PLACE_WRONG — it is not the tenant's; the connection is closed.
 */
export function assertPlace ({ socket }: OpenSocket, expected: PlaceMark): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = Buffer.alloc(0)
    let isRight = false
    const end = (isEnded: boolean): void => {
      socket.removeAllListeners('data')
      socket.removeAllListeners('close')
      if (isRight && !isEnded) return resolve()
      socket.destroy()
      reject(new PlaceWrongError())
    }
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= HEADER && rest.length >= lengthAt(rest, 0)) {
        const type = rest[0]
        if (type === BACKEND.dataRow) isRight = isExpected(rest.subarray(0, lengthAt(rest, 0)), expected)
        const status = rest[HEADER]
        rest = rest.subarray(lengthAt(rest, 0))
        if (type === BACKEND.ready) return end(status !== IDLE)
      }
    })
    socket.on('close', () => end(true))
    socket.write(queryOf(MARK_SQL))
  })
}

function isExpected (row: Buffer, { database, deployment, tenantId }: PlaceMark): boolean {
  const [isDatabase, isDeployment, isTenant] = textsOf(row)
  return (database === undefined || isDatabase === database) && isDeployment === deployment && isTenant === tenantId
}

/** The columns of a row; NULL is undefined. */
function textsOf (row: Buffer): readonly (string | undefined)[] {
  const texts: (string | undefined)[] = []
  for (let at = HEADER + 2; at < row.length;) {
    const length = row.readInt32BE(at)
    texts.push(length < 0 ? undefined : row.toString('utf8', at + 4, at + 4 + length))
    at += 4 + Math.max(0, length)
  }
  return texts
}

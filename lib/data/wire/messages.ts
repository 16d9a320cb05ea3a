// The words of the frontend/backend protocol 3.0 that lanes and connections speak of. A message is one byte of type, four of
// length (itself included), and a body.

const code = (letter: string): number => letter.charCodeAt(0)

/** Types of messages that a client sends. */
export const FRONTEND = {
  bind: code('B'),
  close: code('C'),
  copyData: code('d'),
  copyDone: code('c'),
  copyFail: code('f'),
  describe: code('D'),
  execute: code('E'),
  flush: code('H'),
  parse: code('P'),
  query: code('Q'),
  sync: code('S'),
  terminate: code('X')
} as const

/** Types of messages that a server sends. */
export const BACKEND = {
  authentication: code('R'),
  bindComplete: code('2'),
  closeComplete: code('3'),
  commandComplete: code('C'),
  copyData: code('d'),
  copyDone: code('c'),
  dataRow: code('D'),
  emptyQuery: code('I'),
  error: code('E'),
  keyData: code('K'),
  noData: code('n'),
  notice: code('N'),
  notification: code('A'),
  parameterDescription: code('t'),
  parameterStatus: code('S'),
  parseComplete: code('1'),
  ready: code('Z'),
  rowDescription: code('T')
} as const

/** What a statement or portal is called in Describe and Close. */
export const STATEMENT = code('S')

/** The session is in no transaction. */
export const IDLE = code('I')
/** The session is in a transaction. */
export const IN_TRANSACTION = code('T')
/** The session is in a transaction that failed. */
export const IN_FAILED_TRANSACTION = code('E')

/** Bytes of type and length in front of each body. */
export const HEADER = 5

/** Returns a message of this type with these parts as its body; texts are written as UTF-8, without a NUL. */
export function message (type: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => typeof part === 'string' ? Buffer.from(part) : part))
  const header = Buffer.allocUnsafe(HEADER)
  header[0] = type
  header.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

export function int16 (value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32 (value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Returns a value as Bind and DataRow write it: its length, then its bytes. */
export function value (bytes: Buffer | string): Buffer {
  const body = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  return Buffer.concat([int32(body.length), body])
}

/** Returns the length of the message at `at`, its type byte included. The header has to be there. */
export function lengthAt (bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + 1) + 1
}

/** Execute of the unnamed portal, for all of its rows. */
export const EXECUTE = message(FRONTEND.execute, '\0', int32(0))
export const SYNC = message(FRONTEND.sync)
export const FLUSH = message(FRONTEND.flush)
export const TERMINATE = message(FRONTEND.terminate)

/** Returns ReadyForQuery with this status. */
export function readyForQuery (status: number): Buffer {
  return message(BACKEND.ready, Buffer.from([status]))
}

/** Returns Parse of a statement; `body` is its text, a NUL, and its parameter types. */
export function parseOf (name: string, body: Buffer): Buffer {
  return message(FRONTEND.parse, `${name}\0`, body)
}

/** Returns what stands behind the name in Parse: the text, and the types of the parameters that have a fixed one. */
export function parseBody (text: string, types: readonly number[] = []): Buffer {
  return Buffer.concat([Buffer.from(`${text}\0`), int16(types.length), ...types.map(int32)])
}

export function describeOf (name: string): Buffer {
  return message(FRONTEND.describe, `S${name}\0`)
}

export function closeOf (name: string): Buffer {
  return message(FRONTEND.close, `S${name}\0`)
}

export function queryOf (text: string | Buffer): Buffer {
  return message(FRONTEND.query, text, '\0')
}

/** Returns the messages that run a statement without a name, parameters or rows, up to its Sync. */
export function bareRun (body: Buffer): Buffer {
  return Buffer.concat([parseOf('', body), message(FRONTEND.bind, '\0\0', int16(0), int16(0), int16(0)), EXECUTE])
}

/** The same with its Sync; the server takes no second statement with it. */
export function bareStatement (body: Buffer): Buffer {
  return Buffer.concat([bareRun(body), SYNC])
}

/** Returns what a server answers to Parse and Describe. */
export function descriptionReply ({ parameters, columns }: { readonly parameters: Buffer, readonly columns: Buffer }): Buffer {
  return Buffer.concat([message(BACKEND.parseComplete), parameters, columns])
}

/** Returns what a server answers to a text without a statement. */
export function emptyReply (ready: Buffer): Buffer {
  return Buffer.concat([message(BACKEND.emptyQuery), ready])
}

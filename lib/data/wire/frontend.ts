import { EXECUTE, FRONTEND, HEADER, STATEMENT, lengthAt } from './messages.ts'

/** Messages of the driver up to the next point at which it waits: one Sync, Flush or Query, or a part of a COPY. */
export interface MessageGroup {
  readonly bytes: Buffer
  readonly parse: { readonly name: string, readonly body: Buffer } | undefined
  /** Whether the statement is to be described. */
  readonly isDescribing: boolean
  readonly bind: BindMessage | undefined
  readonly execute: { readonly message: Buffer, readonly rows: number } | undefined
  readonly closesPortal: boolean
  /** The text of a Query, without its NUL. */
  readonly text: Buffer | undefined
  readonly end: 'sync' | 'flush' | 'query' | 'copy' | 'terminate'
}

/** A Bind of the unnamed portal. */
export interface BindMessage {
  readonly message: Buffer
  /** Name of the statement, and where what stands behind it begins: its NUL. */
  readonly name: string
  readonly nameEnd: number
}

/** Tells whether a group only ends what is under way. */
export function isEnd (group: MessageGroup): boolean {
  return group.end === 'sync' && group.parse === undefined && group.bind === undefined && group.execute === undefined
}

/** Tells whether a group asks for the first rows of a cursor, which stays open behind them. */
export function opensCursor ({ bind, execute }: MessageGroup): boolean {
  return bind !== undefined && execute !== undefined && execute.rows !== 0
}

/** Tells whether a group asks for the next rows of a cursor. */
export function isNextRows (group: MessageGroup): boolean {
  return group.end === 'flush' && group.parse === undefined && group.bind === undefined && group.execute !== undefined
}

type Draft = { -readonly [K in keyof MessageGroup]: MessageGroup[K] }

/**
 * Returns the group of messages that begins at `start`, or undefined if it is none that the driver is known to send:
 * several statements, a named portal, a message cut in two. Whatever is not known is not sent.
 */
export function readGroup (bytes: Buffer, start: number): MessageGroup | undefined {
  const draft: Draft = { bytes, parse: undefined, isDescribing: false, bind: undefined, execute: undefined, closesPortal: false, text: undefined, end: 'sync' }
  let at = start
  while (bytes.length - at >= HEADER) {
    const type = bytes[at] ?? 0
    const length = lengthAt(bytes, at)
    if (length < HEADER || bytes.length - at < length) return undefined
    const end = endOf(type)
    if (end === undefined && !take(draft, type, bytes, at, at + length)) return undefined
    if (end === 'query') draft.text = bytes.subarray(at + HEADER, at + length - 1)
    // These belong to no statement, and come by themselves.
    if (end !== undefined && end !== 'sync' && end !== 'flush' && at !== start) return undefined
    at += length
    if (end === undefined) continue
    draft.end = end
    draft.bytes = start === 0 && at === bytes.length ? bytes : bytes.subarray(start, at)
    return draft
  }
  return undefined
}

function endOf (type: number): MessageGroup['end'] | undefined {
  switch (type) {
    case FRONTEND.sync: return 'sync'
    case FRONTEND.flush: return 'flush'
    case FRONTEND.query: return 'query'
    case FRONTEND.terminate: return 'terminate'
    case FRONTEND.copyData:
    case FRONTEND.copyDone:
    case FRONTEND.copyFail: return 'copy'
    default: return undefined
  }
}

/** Takes a part of a statement: the message from `at` to `end`. Only what is used of it is cut out, for there is one of each in every statement. */
function take (draft: Draft, type: number, bytes: Buffer, at: number, end: number): boolean {
  switch (type) {
    case FRONTEND.parse: return takeParse(draft, bytes.subarray(at, end))
    case FRONTEND.describe:
      draft.isDescribing = true
      return end - at > HEADER && bytes[at + HEADER] === STATEMENT && draft.bind === undefined
    case FRONTEND.bind: return takeBind(draft, bytes.subarray(at, end))
    case FRONTEND.execute: return takeExecute(draft, bytes, at, end)
    case FRONTEND.close:
      draft.closesPortal = true
      return bytes[at + HEADER] !== STATEMENT && end - at === HEADER + 2
    default: return false
  }
}

function takeParse (draft: Draft, message: Buffer): boolean {
  const nameEnd = message.indexOf(0, HEADER)
  if (nameEnd === -1 || draft.parse !== undefined || draft.bind !== undefined) return false
  draft.parse = { name: message.toString('latin1', HEADER, nameEnd), body: message.subarray(nameEnd + 1) }
  return true
}

function takeBind (draft: Draft, message: Buffer): boolean {
  const nameEnd = message.indexOf(0, HEADER + 1)
  if (message[HEADER] !== 0 || nameEnd === -1 || draft.bind !== undefined) return false
  draft.bind = { message, name: message.toString('latin1', HEADER + 1, nameEnd), nameEnd }
  return true
}

function takeExecute (draft: Draft, bytes: Buffer, at: number, end: number): boolean {
  if (draft.execute !== undefined || bytes[at + HEADER] !== 0 || end - at !== EXECUTE.length) return false
  const rows = bytes.readInt32BE(at + HEADER + 1)
  draft.execute = { message: rows === 0 ? EXECUTE : bytes.subarray(at, end), rows }
  return true
}

import { SchemaMissingError, SettingsLockedError, SettingsMismatchError } from '../../words/errors/index.ts'
import { type ErrorFields, HEADER, SCHEMA_IS_MISSING, errorMessage, isExpectedTag } from '../wire/index.ts'
import type { CycleOwner, Request, Verdict } from './request.ts'

/** First three letters of the tags of statements that may share a connection, as one number each. */
const PLAIN_TAGS = new Set(['SEL', 'INS', 'UPD', 'DEL', 'MER', 'EXP', 'SHO'].map((letters) => Buffer.from(letters).readUIntBE(0, 3)))

/** The second line behind the kinds of statements: whatever fooled the words cannot fool the server. Tells whether its tag may come. */
export function isExpectedAnswer ({ kind }: Request, isShared: boolean, chunk: Buffer, at: number, length: number): boolean {
  if (kind === 'bare') return true
  if (isShared) return length > HEADER + 3 && PLAIN_TAGS.has(chunk.readUIntBE(at + HEADER, 3))
  return isExpectedTag(chunk.toString('latin1', at + HEADER, at + length - 1))
}

/** The code of a frame that calls what the role may not call. */
const NOT_ALLOWED = '42501'

/** The settings as the server holds them, and the nonce: not those of a neighbour, nor of the statement before. */
export function isOwnRow (row: Buffer | undefined, nonce: number | undefined, chunk: Buffer, at: number, length: number): boolean {
  if (row === undefined) return false
  if (nonce === undefined) return length === row.length && isAt(row, chunk, at)
  return length === row.length + 4 && isAt(row, chunk, at) && chunk.readInt32BE(at + row.length) === nonce
}

/** One by one: they are so few that a call of Node's own comparison takes longer. */
function isAt (bytes: Buffer, chunk: Buffer, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== chunk[at + i]) return false
  return true
}

/** The server skips the statement when its frame fails. What it says names the path, so the caller gets our own words. */
export function frameFailed (fields: ErrorFields, owner: CycleOwner): Verdict {
  const code = fields['code'] ?? ''
  // An earlier statement has failed, or time was up.
  if (code === '25P02' || code === '57014') return 'pass'
  if (code === SCHEMA_IS_MISSING) {
    owner.refused(new SchemaMissingError())
    return { instead: errorMessage(code, 'tenant settings') }
  }
  const cause = new Error(fields['message'])
  owner.refused(code === NOT_ALLOWED ? new SettingsLockedError({ cause }) : new SettingsMismatchError({ cause }))
  return 'kill'
}

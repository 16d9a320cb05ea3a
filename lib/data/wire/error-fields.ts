import { BACKEND, HEADER, message } from './messages.ts'

/** Names of the fields of an error or notice, as postgres.js calls them. */
const NAMES: Readonly<Record<string, string>> = {
  S: 'severity_local',
  V: 'severity',
  C: 'code',
  M: 'message',
  D: 'detail',
  H: 'hint',
  P: 'position',
  p: 'internal_position',
  q: 'internal_query',
  W: 'where',
  s: 'schema_name',
  t: 'table_name',
  c: 'column_name',
  d: 'data type_name',
  n: 'constraint_name',
  F: 'file',
  L: 'line',
  R: 'routine'
}

/** What a server says in an error or a notice. */
export type ErrorFields = Readonly<Record<string, string>>

/** Returns the fields of the error or notice that `bytes` is, by the names that postgres.js gives them. */
export function errorFields (bytes: Buffer): ErrorFields {
  const fields: Record<string, string> = {}
  for (const { letter, text } of rawFields(bytes)) {
    const name = NAMES[letter]
    if (name !== undefined) fields[name] = letter === 'R' ? shownRoutine(text) : text
  }
  return fields
}

/** Tells whether the server ends the connection with this error. */
export function isFatal (fields: ErrorFields): boolean {
  return fields['severity'] !== 'ERROR'
}

/**
 * Returns an error or notice with its position counted from the start of the user's text: in a text that has settings in
 * front, the server counts them in. Positions are characters, not bytes.
 */
export function repositioned (bytes: Buffer, charactersInFront: number): Buffer {
  const fields = rawFields(bytes).flatMap(({ letter, text }) => {
    if (letter !== 'P') return [`${letter}${text}\0`]
    const position = Number(text) - charactersInFront
    return position > 0 ? [`P${position}\0`] : []
  })
  return message(bytes[0] ?? BACKEND.error, ...fields, '\0')
}

/** Returns an error whose routine the driver does not know, but whoever asks for `shownRoutine` of it does. */
export function withHiddenRoutine (bytes: Buffer): Buffer {
  return message(bytes[0] ?? BACKEND.error, ...rawFields(bytes).map(({ letter, text }) => letter === 'R' ? `R ${text}\0` : `${letter}${text}\0`), '\0')
}

/** Returns the name that a routine has on the server. */
export function shownRoutine (routine: string): string {
  return routine.trimStart()
}

/** Returns an error message of our own, which the driver takes for the server's. */
export function errorMessage (code: string, text: string, routine = ''): Buffer {
  return message(BACKEND.error, `SERROR\0VERROR\0C${code}\0M${text}\0`, routine === '' ? '' : `R${routine}\0`, '\0')
}

function rawFields (bytes: Buffer): { readonly letter: string, readonly text: string }[] {
  const fields: { letter: string, text: string }[] = []
  let at = HEADER
  while (at < bytes.length && bytes[at] !== 0) {
    const end = bytes.indexOf(0, at)
    if (end === -1) break
    fields.push({ letter: bytes.toString('latin1', at, at + 1), text: bytes.toString('utf8', at + 1, end) })
    at = end + 1
  }
  return fields
}

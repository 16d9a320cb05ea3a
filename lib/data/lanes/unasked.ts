import { BACKEND, HEADER } from '../wire/index.ts'

const CHARACTER_SETTINGS: Readonly<Record<string, string>> = { client_encoding: 'UTF8', standard_conforming_strings: 'on' }

/** Tells whether a message comes at any time, whatever was asked. */
export function isUnasked (type: number): boolean {
  return type === BACKEND.parameterStatus || type === BACKEND.notification
}

/** Judges a message that belongs to no statement. Nobody hears of it, but it may end the connection. */
export function judgeUnasked (type: number, chunk: Buffer, at: number, length: number): 'swallow' | 'kill' {
  if (type === BACKEND.parameterStatus) return isReadable(chunk.toString('utf8', at + HEADER, at + length - 1)) ? 'swallow' : 'kill'
  return type === BACKEND.notice || type === BACKEND.notification ? 'swallow' : 'kill'
}

/** Texts are read as UTF-8, and literals by the standard's rules. */
function isReadable (status: string): boolean {
  const [name = '', value] = status.split('\0')
  return !Object.hasOwn(CHARACTER_SETTINGS, name) || CHARACTER_SETTINGS[name] === value
}

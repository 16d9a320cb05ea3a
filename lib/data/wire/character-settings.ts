import { HEADER } from './messages.ts'

/** How a session has to read texts and literals, for us to take SQL apart as the server does. */
const CHARACTER_SETTINGS: Readonly<Record<string, string>> = { client_encoding: 'UTF8', standard_conforming_strings: 'on' }

/** Returns what is wrong with a setting that a ParameterStatus message reports; undefined if nothing is. */
export function characterProblem (status: Buffer): string | undefined {
  const [name = '', value] = status.toString('utf8', HEADER, status.length - 1).split('\0')
  if (!Object.hasOwn(CHARACTER_SETTINGS, name) || CHARACTER_SETTINGS[name] === value) return undefined
  return `the setting ${name} has to be ${CHARACTER_SETTINGS[name]} for the role and the database`
}

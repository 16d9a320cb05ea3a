import { type Place, placeOf } from './place.ts'

/** Stands for what is only known when the code runs. */
export const UNKNOWN = '\u00a7'

const URL_TEXT = /\bpostgres(?:ql)?:\/\/(?:(?<user>[^\s'"`@/]*)@)?(?<host>[^\s'"`/?#,:]*)/gi
const LOCAL = /^(localhost|127\.0\.0\.1|\[?::1\]?|0\.0\.0\.0)$/i
// Of a text for people: "postgres://…", "postgres://user@…".
const NO_HOST = /^$|[\u2026<>[\]{}]|^\.\.\./

/** Tells whether a host is not this machine. */
export function isForeignHost (host: string): boolean {
  return !LOCAL.test(host) && !host.startsWith('/')
}

/**
 * Returns the connection strings in a text. One whose host and password come from elsewhere names no database; one without a
 * password, on this machine, is a default that hides a variable which is missing.
 */
export function connectionStrings (text: string, base: number, covers: readonly number[] = []): readonly Place[] {
  return [...text.matchAll(URL_TEXT)].flatMap((found) => {
    const { user = '', host = '' } = found.groups ?? {}
    const hasPassword = /:[^\u00a7\u2026<{[*]/.test(user)
    const isNamed = !NO_HOST.test(host) && !host.includes(UNKNOWN)
    if (!hasPassword && !isNamed) return []
    return [placeOf('connection-string', base + found.index, covers, hasPassword || isForeignHost(host) ? 'fatal' : 'warning')]
  })
}

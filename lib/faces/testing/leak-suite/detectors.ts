import { type Table, keyOf } from './catalog.ts'
import type { Answer } from './http.ts'
import type { Party } from './seed.ts'
import { SHARED_ROW } from './values.ts'

/** Something of a tenant's in an answer. */
export interface Sighting {
  readonly what: string
  readonly where: string
}

/** Returns what of a tenant's an answer holds, but for what the request itself had said. */
export function sightingOf (answer: Answer, party: Party, tables: readonly Table[], sent: string): Sighting | undefined {
  const headers = JSON.stringify(answer.headers)
  for (const [where, text] of [['the body', answer.body], ['a header', headers]] as const) {
    const what = foundIn(text, party, tables, sent)
    if (what !== undefined) return { what, where }
  }
  return undefined
}

/** The same for a text, such as a row. */
export function foundIn (text: string, party: Party, tables: readonly Table[], sent: string): string | undefined {
  for (const mark of [party.mark, party.ink]) {
    if (!sent.includes(mark) && formsOf(mark).some((form) => text.includes(form))) return 'a value of a row'
  }
  if (!sent.includes(party.tenant.id) && text.includes(party.tenant.id)) return 'the id'
  const id = idsOf(party, tables).find((value) => !sent.includes(value) && hasWord(text, value))
  return id === undefined ? undefined : 'the key of a row'
}

/** Whether a row is a tenant's. Keys do not count: a row may name another's key where nothing forbids it. */
export function isRowOf (row: string, { mark, ink, tenant }: Party): boolean {
  return row.includes(mark) || row.includes(ink) || row.includes(tenant.id)
}

/** Whether an answer holds something of its caller's, which no request had said. */
export function isOwn (answer: Answer, party: Party, sent: string): boolean {
  const text = `${answer.body}${JSON.stringify(answer.headers)}`
  return formsOf(party.mark).some((form) => text.includes(form)) || (!sent.includes(party.ink) && text.includes(party.ink)) || text.includes(party.tenant.id)
}

/** A mark as it is, and as it reads in hexadecimal and in base64 wherever it stands there. */
function formsOf (mark: string): readonly string[] {
  const known = forms.get(mark)
  if (known !== undefined) return known
  const base64 = [0, 1, 2].map((offset) => {
    const whole = Buffer.from(`${' '.repeat(offset)}${mark}`).toString('base64')
    // What shares a character with the bytes in front or behind is different each time.
    return whole.slice(Math.ceil(offset * 4 / 3), Math.floor((mark.length + offset) * 4 / 3))
  })
  const hex = Buffer.from(mark).toString('hex')
  const made = [mark, mark.toUpperCase(), [...mark].reverse().join(''), hex, hex.toUpperCase(), ...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))]
  forms.set(mark, made)
  return made
}

const forms = new Map<string, readonly string[]>()

/** The keys that no other tenant has, where they are long enough to be no accident. */
function idsOf (party: Party, tables: readonly Table[]): readonly string[] {
  return tables.flatMap((table) => (party.rows.get(table.name) ?? []).slice(SHARED_ROW + 1).flatMap((row) => keyOf(table).map((name) => String(row[name]))))
    .filter((value) => /^((https:\/\/example\.com\/)?k[0-9a-f]{9,}(@example\.com)?|710\d{5}|[0-9a-f]{8}-[0-9a-f-]{27})$/.test(value))
}

function hasWord (text: string, word: string): boolean {
  const at = text.indexOf(word)
  return at >= 0 && !/\w/.test(text.charAt(at - 1)) && !/\w/.test(text.charAt(at + word.length))
}

/** Returns why an answer that holds a tenant's rows may reach others by a cache between them and the service. */
export function cacheProblem ({ headers }: Answer): string | undefined {
  const control = headers['cache-control'] ?? ''
  if (/\bprivate\b|no-store/.test(control) || !/\bpublic\b|s-maxage/.test(control)) return undefined
  return `cache-control: ${control}`
}

/** An answer without what differs by nature: the ids that were sent, times, random ids. */
export function comparable ({ status, headers, body }: Answer, sent: readonly string[]): string {
  const names = Object.entries(headers).filter(([name]) => !VOLATILE.has(name)).map(([name, value]) => `${name}: ${String(value)}`)
  const known = sent.filter((value) => value.length > 3).reduce((text, value) => text.replaceAll(value, '<sent>').replaceAll(encodeURIComponent(value), '<sent>'), `${status}\n${names.join('\n')}\n${inAnyOrder(body)}`)
  return known.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/gi, '<uuid>').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)/g, '<time>').replaceAll(/req-[0-9a-z]+/g, '<request>')
}

/** JSON with its lists sorted: rows without an order by come as they like. */
function inAnyOrder (body: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(body)))
  } catch {
    return body
  }
}

function sorted (value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(sorted(item))).toSorted()
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, sorted(inner)]))
}

const VOLATILE = new Set(['date', 'content-length', 'etag', 'last-modified', 'keep-alive', 'connection', 'x-request-id', 'request-id', 'set-cookie', 'age', 'x-response-time', 'server-timing', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'])

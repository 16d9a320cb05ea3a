/** What was noted down when a request was refused. Texts of the log: none of them is trusted. */
export interface Refusal {
  readonly at: string
  readonly route: string
  readonly reason: string
  /** The message of the error; empty in the table. */
  readonly message: string
  readonly mode: string
  readonly claim: string
  readonly claimed: string | undefined
  /** What the registry said; nothing where it said nothing. */
  readonly registry: Readonly<Record<string, string>>
  readonly path: string | undefined
  readonly role: string
}

/** Returns the refusal in a line of a log, if it is the one with this id. */
export function fromLine (line: string, errorId: string): Refusal | undefined {
  const entry = entryOf(line)
  if (text(entry, 'errorId') !== errorId) return undefined
  const route = text(entry, 'route') ?? ''
  return refusalOf(timeOf(entry), { ...member(entry, 'tenancy'), route, reason: text(entry, 'reason') }, text(member(entry, 'err'), 'message') ?? '')
}

/** Returns the refusal in a row of the table. */
export function fromTable (at: string, record: unknown): Refusal {
  return refusalOf(at, Object(record), '')
}

function refusalOf (at: string, record: object, message: string): Refusal {
  const registry = member(record, 'registry')
  return {
    at,
    message,
    route: text(record, 'route') ?? '',
    reason: text(record, 'reason') ?? '',
    mode: text(record, 'mode') ?? '',
    claim: text(record, 'claim') ?? '',
    claimed: text(record, 'claimed'),
    registry: Object.fromEntries(Object.keys(registry).flatMap((name) => { const value = text(registry, name); return value === undefined ? [] : [[name, value]] })),
    path: text(record, 'path'),
    role: text(record, 'role') ?? ''
  }
}

/** The JSON of a line, also where a collector put something in front, or wrapped it as the text "log" or "message". */
function entryOf (line: string): object {
  const entry = parsed(line.slice(Math.max(0, line.indexOf('{'))))
  const wrapped = text(entry, 'log') ?? text(entry, 'message')
  return wrapped?.includes('{') === true ? parsed(wrapped.slice(wrapped.indexOf('{'))) : entry
}

function parsed (json: string): object {
  try {
    return Object(JSON.parse(json))
  } catch {
    return {}
  }
}

function timeOf (entry: object): string {
  const time: unknown = Reflect.get(entry, 'time')
  const date = new Date(typeof time === 'number' || typeof time === 'string' ? time : NaN)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

function member (of: object, name: string): object {
  const found: unknown = Reflect.get(of, name)
  return typeof found === 'object' && found !== null ? found : {}
}

function text (of: object, name: string): string | undefined {
  const found: unknown = Reflect.get(of, name)
  return typeof found === 'string' ? found : undefined
}

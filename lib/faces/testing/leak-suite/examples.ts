import { textFor } from './values.ts'

/** How an example is made of a JSON schema. */
export interface Wishes {
  /** A text of the caller's own. */
  readonly mark: string
  /** Whether properties that are not required are there too. */
  readonly isFull: boolean
  /** The value of a property that names a row; undefined where it names none. */
  readonly valueOf: (name: string) => unknown
}

const MAX_DEPTH = 8

/** Returns a value that fits a JSON schema: TypeBox's, Fastify's and OpenAPI's kind. */
export function exampleOf (schema: unknown, wishes: Wishes, name = '', depth = 0): unknown {
  const { const: constant, enum: choices, example, examples, anyOf, oneOf, allOf, type, properties } = Object(schema)
  if (depth > MAX_DEPTH) return undefined
  if (constant !== undefined) return constant
  // The last, because rows have the first one mostly, and a call should change something.
  if (Array.isArray(choices)) return choices.at(-1)
  const options: unknown = anyOf ?? oneOf
  if (Array.isArray(options)) return exampleOf(options.findLast((option) => Object(option).type !== 'null') ?? options[0], wishes, name, depth + 1)
  if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map((part) => exampleOf(part, wishes, name, depth + 1)))
  if (type === 'object' || properties !== undefined) return exampleObject(Object(schema), wishes, depth)
  const named = name === '' ? undefined : wishes.valueOf(name)
  if (named !== undefined) return type === 'integer' || type === 'number' ? Number(named) : type === 'string' ? String(named) : named
  if (Array.isArray(examples) && examples.length > 0) return examples[0]
  return example ?? scalar(Object(schema), wishes, name, depth)
}

function exampleObject ({ properties, required }: { properties?: unknown, required?: unknown }, wishes: Wishes, depth: number): Record<string, unknown> {
  const needed = new Set<unknown>(Array.isArray(required) ? required : [])
  return Object.fromEntries(Object.entries(Object(properties))
    .filter(([name, inner]) => needed.has(name) || (wishes.isFull && Object(inner).readOnly !== true))
    .map(([name, inner]) => [name, exampleOf(inner, wishes, name, depth + 1)])
    .filter(([, value]) => value !== undefined))
}

function scalar (schema: Record<string, unknown>, wishes: Wishes, name: string, depth: number): unknown {
  const types = [schema['type']].flat()
  const type = types.find((each) => each !== 'null') ?? types[0]
  if (type === 'integer' || type === 'number') return number(schema, name)
  if (type === 'boolean') return true
  if (type === 'array') return Array.from({ length: Math.max(1, Number(schema['minItems'] ?? 1)) }, () => exampleOf(schema['items'], wishes, name, depth + 1))
  if (type === 'null') return null
  return type === 'string' || type === undefined ? text(schema, wishes, name) : undefined
}

function number ({ minimum, exclusiveMinimum, maximum, default: usual }: Record<string, unknown>, name: string): number {
  if (typeof usual === 'number') return usual
  const lowest = Math.max(Number(minimum ?? 0), exclusiveMinimum === undefined ? 0 : Number(exclusiveMinimum) + 1)
  // Behind the first page there may be nothing.
  const least = /page|offset|skip|cursor|from|after/i.test(name) ? Math.max(lowest, /page/i.test(name) ? 1 : 0) : Math.max(lowest, 3)
  return maximum === undefined ? least : Math.min(least, Number(maximum))
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2024-01-02', time: '03:04:05Z', 'date-time': '2024-01-02T03:04:05Z', duration: 'P1D', ipv4: '192.0.2.1', ipv6: '2001:db8::1', hostname: 'example.com', uuid: '6fa459ea-ee8a-4ca4-894e-db77e160355e'
}

function text ({ format, minLength, maxLength, pattern, default: usual }: Record<string, unknown>, { mark }: Wishes, name: string): unknown {
  if (typeof format === 'string' && FORMATS[format] !== undefined) return FORMATS[format]
  const guess = textFor(typeof format === 'string' && /^(email|uri|url)/.test(format) ? format : name, mark)
  const sized = guess.padEnd(Number(minLength ?? 0), 'x').slice(0, Number(maxLength ?? Infinity))
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(sized)) return usual ?? ['a', 'A', '1', 'abc', 'ABC', '123', 'a-1', 'A-1', 'abc123', '2024-01-02'].find((each) => new RegExp(pattern, 'u').test(each))
  return sized
}

import type { Sql } from 'postgres'
import { SqlRefusedError } from '../../words/errors.ts'
import type { StatementResult } from '../lanes/index.ts'
import { type DriverQuery, isDriverHelper, isDriverQuery } from '../wire/index.ts'
import { refuseCancel } from './refusals.ts'
import { rememberWriter } from './written-query.ts'

/** What becomes of the queries of a tag. */
export interface TagRules {
  /** Sends a query when somebody awaits it, and settles with its result. */
  readonly send: (query: DriverQuery) => Promise<StatementResult>
  /** Throws if the code that runs now may not have the answer. Asked at every await, the first and all later ones. */
  readonly assertReader: (query: DriverQuery) => void
  /** Whether failures are noticed elsewhere, so that a query that nobody awaits must not end the process. */
  readonly isObserved: boolean
}

/** The part that the tenant client and a transaction handle share: the template tag, `unsafe` and the parameter helpers. */
export interface Tag {
  (...args: readonly unknown[]): unknown
  readonly unsafe: (text: string, parameters?: unknown, options?: unknown) => unknown
  readonly typed: Sql['typed']
  readonly types: Sql['types']
  readonly array: Sql['array']
  readonly json: Sql['json']
}

const RAW_OBJECT = 'A value with a member "raw" was given where a row, a list or a name belongs, and would have been taken for SQL text: check what clients send (a schema of the route does).'
const NOT_A_TEXT = 'sql.unsafe needs a text: sql.unsafe(text, parameters).'
const IN_A_REPLY = 'A query was about to be written into JSON, with its text and parameters: await it first.'

/**
 * Returns a template tag whose queries are sent as `rules` say. They are built by the driver, so fragments and helpers
 * nest as they always do, but the driver's own connections never see them.
 */
export function createTag (builder: Sql, rules: TagRules): Tag {
  const tag = (...args: readonly unknown[]): unknown => {
    if (isFalseTemplate(args[0])) throw new SqlRefusedError(RAW_OBJECT)
    return adopt(Reflect.apply(builder, undefined, args), rules)
  }
  const unsafe = (text: string, parameters?: unknown, options?: unknown): unknown => {
    if (typeof text !== 'string') throw new SqlRefusedError(NOT_A_TEXT)
    const hasParameters = Array.isArray(parameters)
    const given = hasParameters ? options : parameters
    // Without parameters the driver would choose the simple protocol, which takes many statements.
    const settings = { simple: false, ...(typeof given === 'object' ? given : {}) }
    return adopt(Reflect.apply(builder.unsafe, undefined, [text, hasParameters ? parameters : [], settings]), rules)
  }
  return Object.assign(tag, { unsafe, ...rememberingHelpers(builder) })
}

/** The driver takes whatever has an array `raw` for a template, and JSON from a client can have one. */
function isFalseTemplate (value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'raw' in value
}

function adopt (built: unknown, rules: TagRules): unknown {
  if (isDriverHelper(built)) rememberWriter(built)
  if (!isDriverQuery(built)) return built
  rememberWriter(built)
  built.canceller = refuseCancel
  built.handler = (query) => {
    if (rules.isObserved) hear(query)
    rules.send(query).then((result) => query.resolve(withoutSecret(result)), query.reject)
  }
  for (const method of ['then', 'catch', 'finally'] as const) guard(built, method, rules)
  return Object.defineProperty(built, 'toJSON', { value: () => { throw new SqlRefusedError(IN_A_REPLY) } })
}

/** A query is answered once and kept by whoever has it: each await asks anew whether the answer is for its code. */
function guard (query: DriverQuery, method: 'then' | 'catch' | 'finally', rules: TagRules): void {
  const original: unknown = Reflect.get(query, method)
  if (typeof original !== 'function') return
  Object.defineProperty(query, method, {
    value: (...callbacks: readonly unknown[]): unknown => {
      try {
        rules.assertReader(query)
      } catch (error) {
        hear(query)
        return Reflect.apply(Promise.prototype[method], Promise.reject(error), callbacks)
      }
      return Reflect.apply(original, query, callbacks)
    }
  })
}

/** Keeps a failure that somebody is told of in another way from ending the process. It sends nothing. */
function hear (query: DriverQuery): void {
  Promise.prototype.then.call(query, undefined, () => {})
}

/** The driver's parameter helpers, which remember whose value they hold. */
function rememberingHelpers (builder: Sql): Pick<Tag, 'typed' | 'types' | 'array' | 'json'> {
  const remembering = <F extends object>(helper: F): F => new Proxy(helper, {
    apply (target, self, args) {
      const parameter: unknown = typeof target === 'function' ? Reflect.apply(target, self, args) : undefined
      if (typeof parameter === 'object' && parameter !== null) rememberWriter(parameter)
      return parameter
    },
    get (target, name) {
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? remembering(member) : member
    }
  })
  const typed = remembering(builder.typed)
  return { typed, types: typed, array: remembering(builder.array), json: remembering(builder.json) }
}

/** Takes out the key that cancels whatever runs on the connection, which soon is another tenant's statement (D-14). */
function withoutSecret (result: StatementResult): StatementResult {
  if (!('state' in result) || typeof result.state !== 'object' || result.state === null) return result
  const { secret, ...state } = { secret: undefined, ...result.state }
  return Object.assign(result, { state })
}

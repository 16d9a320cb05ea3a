import { readFile } from 'node:fs/promises'
import type { Sql } from 'postgres'
import { SqlRefusedError } from '../../words/errors/index.ts'
import { allowNotification } from '../lanes/index.ts'
import { isDriverHelper } from '../wire/index.ts'
import { type QueryRules, type TenantQuery, queryFactory } from './tenant-query.ts'
import { rememberWriter } from './written-query.ts'

/** The part that the tenant client and a transaction handle share: the template tag, `unsafe`, `file`, `notify` and the parameter helpers. */
export interface Tag {
  (...args: readonly unknown[]): unknown
  readonly unsafe: (text: string, parameters?: unknown, options?: unknown) => unknown
  readonly file: (path: string, parameters?: unknown, options?: unknown) => unknown
  readonly notify: (channel: string, payload: string) => unknown
  readonly typed: Sql['typed']
  readonly types: Sql['types']
  readonly array: Sql['array']
  readonly json: Sql['json']
}

type Helpers = Pick<Tag, 'typed' | 'types' | 'array' | 'json'>

/** What a tag does with what is written with it. */
export interface TagRules extends QueryRules {
  /** Returns the name on the server of a channel of the tenant that the tag is for. */
  readonly nameOfChannel: (channel: string) => string
}

const NOTIFY = 'select pg_catalog.pg_notify($1, $2)'
const RAW_OBJECT = 'A value with a member "raw" was given where a row, a list or a name belongs, and would have been taken for SQL text: check what clients send (a schema of the route does).'
const NOT_A_TEXT = 'sql.unsafe needs a text: sql.unsafe(text, parameters).'

/** Makes a template tag whose queries are sent as `rules` say. */
export type TagFactory = (rules: TagRules) => Tag

/**
 * Returns what makes the template tags of one client. Helpers are built by the driver, so they nest as they always do, but
 * the driver's own connections never see a query.
 */
export function tagFactory (builder: Sql): TagFactory {
  const make = queryFactory(builder)
  const helpers = rememberingHelpers(builder)
  return (rules) => createTag(builder, (...given) => make(rules, ...given), helpers, rules)
}

type Make = (strings: readonly string[], args: readonly unknown[], options?: object) => TenantQuery

function createTag (builder: Sql, make: Make, helpers: Helpers, rules: TagRules): Tag {
  const query = (strings: readonly string[], args: readonly unknown[], options?: object): TenantQuery => {
    const made = make(strings, args, options)
    rememberWriter(made)
    return made
  }
  const tag = (...args: readonly unknown[]): unknown => {
    const [strings, ...parameters] = args
    if (isTemplate(strings)) return query(strings, parameters)
    if (isFalseTemplate(strings)) throw new SqlRefusedError(RAW_OBJECT)
    const built: unknown = Reflect.apply(builder, undefined, args)
    if (isDriverHelper(built)) rememberWriter(built)
    return built
  }
  const unsafe = (text: string, parameters?: unknown, options?: unknown): unknown => {
    if (typeof text !== 'string') throw new SqlRefusedError(NOT_A_TEXT)
    const given = givenWith(parameters, options)
    return query([text], given.parameters, { prepare: false, simple: false, ...given.options })
  }
  const file = (path: string, parameters?: unknown, options?: unknown): unknown => {
    const given = givenWith(parameters, options)
    return fromFile(path, query([''], given.parameters, { simple: false, ...given.options }), rules)
  }
  const notify = (channel: string, payload: string): unknown => {
    const notification = query([NOTIFY], [rules.nameOfChannel(channel), String(payload)], { prepare: true, simple: false })
    allowNotification(notification)
    // As the driver does it: sent without being awaited.
    notification.execute()
    return notification
  }
  return Object.assign(tag, { unsafe, file, notify, ...helpers })
}

function isTemplate (value: unknown): value is readonly string[] {
  return Array.isArray(value) && 'raw' in value && Array.isArray(value.raw)
}

/** The driver takes whatever has an array `raw` for a template, and JSON from a client can have one. */
function isFalseTemplate (value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'raw' in value
}

function givenWith (parameters: unknown, options: unknown): { readonly parameters: readonly unknown[], readonly options: object } {
  const hasParameters = Array.isArray(parameters)
  const given = hasParameters ? options : parameters
  return { parameters: hasParameters ? parameters : [], options: typeof given === 'object' && given !== null ? given : {} }
}

/** Reads the text when the query is awaited, as the driver does. */
function fromFile (path: string, query: TenantQuery, rules: QueryRules): TenantQuery {
  query.handler = () => {
    readFile(path, 'utf8').then((text) => {
      query.strings = [text]
      rules.send(query)
    }).catch((error: unknown) => query.reject(error))
  }
  return query
}

/** The driver's parameter helpers, which remember whose value they hold. */
function rememberingHelpers (builder: Sql): Helpers {
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

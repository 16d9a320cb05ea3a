import type { Sql } from 'postgres'
import type { StatementResult } from '../lanes/index.ts'
import { type DriverQuery, isDriverQuery } from '../wire/index.ts'
import { refuseCancel } from './refusals.ts'
import { rememberWriter } from './written-query.ts'

/** Sends a query when somebody awaits it, and settles with its result. */
export type SendQuery = (query: DriverQuery) => Promise<StatementResult>

/** The part that the tenant client and a transaction handle share: the template tag, `unsafe` and the parameter helpers. */
export interface Tag {
  (...args: readonly unknown[]): unknown
  readonly unsafe: (text: string, parameters?: unknown, options?: unknown) => unknown
  readonly typed: Sql['typed']
  readonly types: Sql['types']
  readonly array: Sql['array']
  readonly json: Sql['json']
}

/**
 * Returns a template tag whose queries are sent by `send`. They are built by the driver, so fragments and helpers nest
 * as they always do, but the driver's own connections never see them.
 */
export function createTag (builder: Sql, send: SendQuery): Tag {
  const adopt = (built: unknown): unknown => {
    if (!isDriverQuery(built)) return built
    rememberWriter(built)
    built.canceller = refuseCancel
    built.handler = (query) => { send(query).then((result) => query.resolve(withoutSecret(result)), query.reject) }
    return built
  }
  const unsafe = (text: string, parameters?: unknown, options?: unknown): unknown => {
    const hasParameters = Array.isArray(parameters)
    const given = hasParameters ? options : parameters
    // Without parameters the driver would choose the simple protocol, which takes many statements.
    const settings = { simple: false, ...(typeof given === 'object' ? given : {}) }
    return adopt(Reflect.apply(builder.unsafe, undefined, [text, hasParameters ? parameters : [], settings]))
  }
  const tag = (...args: readonly unknown[]): unknown => adopt(Reflect.apply(builder, undefined, args))
  return Object.assign(tag, { unsafe, typed: builder.typed, types: builder.types, array: builder.array, json: builder.json })
}

/** Takes out the key that cancels whatever runs on the connection, which soon is another tenant's statement (D-14). */
function withoutSecret (result: StatementResult): StatementResult {
  if (!('state' in result) || typeof result.state !== 'object' || result.state === null) return result
  const { secret, ...state } = { secret: undefined, ...result.state }
  return Object.assign(result, { state })
}

import { Stream } from 'node:stream'
import type { Sql } from 'postgres'
import { SqlRefusedError } from '../../words/errors/index.ts'
import type { LaneQuery } from '../lanes/index.ts'
import { type DriverQuery, queryClassOf } from '../wire/index.ts'
import { Unfinished } from './unfinished.ts'

/** What becomes of the queries of a tag. */
export interface QueryRules {
  /** Sends a query that somebody awaits; it settles by itself. What this throws, the query is rejected with. */
  readonly send: (query: LaneQuery) => void
  /** Throws if the code that runs now may not have the answer. Asked at every await, the first and all later ones. */
  readonly assertReader: (query: DriverQuery) => void
  readonly cancel: (query: LaneQuery) => void
  /** Returns what the caller gets to see for this error, where that has to be found out first. */
  readonly explain: (query: DriverQuery, error: unknown) => Promise<unknown> | undefined
}

/** A query of the tenant client. */
export type TenantQuery = LaneQuery & Promise<unknown>

/** Makes a query of the tenant client that goes by `rules`. */
export type QueryFactory = (rules: QueryRules, strings: readonly string[], args: readonly unknown[], options?: object) => TenantQuery

const IN_A_REPLY = 'A query was about to be written into JSON, with its text and parameters: await it first.'

const RESOLVE = Symbol('resolve')
const REJECT = Symbol('reject')

/**
 * Returns a factory of queries that are postgres.js's own class, so that fragments, helpers and the driver take them for
 * what they are, and that ask their rules before anybody gets an answer.
 *
 * One for each client: a class of its own for every transaction would be compiled anew in each of them.
 */
export function queryFactory (builder: Sql): QueryFactory {
  class Tenanted extends queryClassOf(builder) implements TenantQuery {
    declare [RESOLVE]: (result: unknown) => void
    declare [REJECT]: (error: unknown) => void
    readonly #rules: QueryRules
    #unfinished: Unfinished | undefined
    #judge: ((error: unknown) => unknown) | undefined
    /** What the callback of a cursor does with the rows that it got last. */
    #handling: Promise<unknown> | undefined

    constructor (...[rules, strings, args, options]: Parameters<QueryFactory>) {
      super(strings, args, Tenanted.#send, Tenanted.#cancel, options)
      this.#rules = rules
    }

    static #send (query: DriverQuery): void {
      if (!(query instanceof Tenanted)) return
      try {
        query.#rules.send(query)
      } catch (error) {
        query.reject(error)
      }
    }

    static #cancel (query: DriverQuery): void {
      if (query instanceof Tenanted) query.#rules.cancel(query)
    }

    /** The driver sets this anew for each batch of a cursor, and calls it with whatever went wrong. */
    override get reject (): (error: unknown) => void {
      const reject = this[REJECT]
      return (error) => {
        const judged = this.#judge === undefined ? error : this.#judge(error)
        const settle = (seen: unknown): void => {
          this.#unfinished?.failed(seen)
          reject(seen)
        }
        const explained = this.#rules.explain(this, judged)
        if (explained === undefined) settle(judged)
        else explained.then(settle, () => settle(judged))
      }
    }

    override set reject (reject: (error: unknown) => void) {
      this[REJECT] = reject
    }

    override get resolve (): (result: unknown) => void {
      const resolve = this[RESOLVE]
      return (result) => {
        if (!Array.isArray(result) && result instanceof Stream) this.#unfinished = new Unfinished(result)
        if (this.#handling === undefined) resolve(result)
        else this.#handling.then(() => resolve(result), this[REJECT])
      }
    }

    override set resolve (resolve: (result: unknown) => void) {
      this[RESOLVE] = resolve
    }

    override cursor (...args: readonly unknown[]): unknown {
      const cursor = super.cursor(...args)
      if (cursor === this) {
        this.#waitForCallback()
        return this
      }
      this.#unfinished = new Unfinished(undefined)
      return this.#unfinished.watch(cursor, () => this.#rules.assertReader(this))
    }

    /** The driver does not wait for the callback with the last rows, and its failure would end the process. */
    #waitForCallback (): void {
      const callback = this.cursorFn
      this.cursorFn = (rows) => {
        this.#handling = Promise.resolve(callback?.(rows))
        hear(this.#handling)
        return this.#handling
      }
    }

    judgeErrors (judge: (error: unknown) => unknown): void {
      this.#judge = judge
    }

    abandon (reason: Error): void {
      this.#unfinished?.failed(reason)
    }

    override then<A, B> (onResult?: ((value: unknown) => A | PromiseLike<A>) | null, onError?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
      const refusal = this.#refusal()
      return refusal === undefined ? super.then(onResult, onError) : refusal.then(onResult, onError)
    }

    override catch<B> (onError?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
      return this.#refusal()?.catch(onError) ?? super.catch(onError)
    }

    override finally (onSettled?: (() => void) | null): Promise<unknown> {
      return this.#refusal()?.finally(onSettled) ?? super.finally(onSettled)
    }

    toJSON (): never {
      throw new SqlRefusedError(IN_A_REPLY)
    }

    /** A query is answered once and kept by whoever has it: each await asks anew whether the answer is for its code. */
    #refusal (): Promise<never> | undefined {
      try {
        this.#rules.assertReader(this)
        return undefined
      } catch (error) {
        hear(this)
        return Promise.reject(error)
      }
    }
  }
  return (...given) => new Tenanted(...given)
}

/** Keeps a failure that somebody is told of in another way from ending the process. It sends nothing. */
export function hear (query: Promise<unknown>, onError: (error: unknown) => void = () => {}): void {
  Promise.prototype.then.call(query, undefined, onError)
}

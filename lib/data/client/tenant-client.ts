import type { Sql } from 'postgres'
import { currentContext } from '../../settings/context/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { ContextMissingError, DriverUnsupportedError, SqlRefusedError, TransactionEndedError } from '../../words/errors/index.ts'
import type { Tenant, TenantContext, TenantSettings } from '../../words/types.ts'
import type { ListenCall } from '../channels/index.ts'
import type { LaneQuery } from '../lanes/index.ts'
import type { PlaceSource, TenantPlace } from '../places/index.ts'
import { assertReader, contextOf } from './binding.ts'
import { type Whereabouts, explainError } from './left-place.ts'
import { refusedMembers } from './refusals.ts'
import { reserveSession } from './reservation.ts'
import { Scope } from './scope.ts'
import { type Tag, type TagFactory, type TagRules, tagFactory } from './tag.ts'
import { type QueryRules, queryFactory } from './tenant-query.ts'
import { type ScopeCallback, enterScope, savepointIn, userCallback } from './transaction-handle.ts'
import { type TransactionTimeouts, runTransaction } from './transaction.ts'
import { bindCallbacks, writerOf } from './written-query.ts'

/** What the tenant client is made of. */
export interface TenantClientParts {
  readonly places: PlaceSource
  readonly enforcement: Enforcement
  readonly timeouts: TransactionTimeouts
  /** Asked when a statement fails as it would where the tenant is no longer. */
  readonly whereabouts: Whereabouts
}

/** The tenant client, and what only the faces may do with it. */
export interface TenantClient {
  readonly sql: TenantSql
  /** Runs `fn` in the current tenant's context as one transaction that every plain statement joins. */
  joinTransaction<T> (options: string, fn: () => T | PromiseLike<T>): Promise<T>
  /**
   * Sends one statement of ours with the settings that are given, whatever the context is, and returns its rows. It goes
   * to where the registry is, unless another place is given.
   */
  query (settings: TenantSettings, text: string, parameters?: readonly string[], place?: TenantPlace): Promise<readonly Record<string, unknown>[]>
}

/** postgres.js's client as a tenant has it. */
export interface TenantSql extends Sql {
  /** The same tag for statements that are known to be slow: each has a connection alone, so that nothing waits behind it. */
  readonly alone: Sql
}

interface Parts extends TenantClientParts {
  /** The driver client that builds queries and never connects. */
  readonly builder: Sql
  readonly cancel: QueryRules['cancel']
  readonly createTag: TagFactory
}

/**
 * Returns the tenant client: postgres.js's tag and helpers, with every statement in a transaction of its own that
 * carries the tenant's settings.
 *
 * The SQL sent for one statement, in one round trip: `select set_config('search_path', $1, true),
 * set_config('app.tenant_id', $2, true), …` and the statement, up to one Sync: one implicit transaction. Where settings are locked, and
 * on Citus: `begin`, `set local …`, the statement and `commit`, in one write.
 *
 * @throws {DriverUnsupportedError} FST_TENANCY_DRIVER_UNSUPPORTED — the driver has members that this client does not know.
 */
export function createTenantClient (given: TenantClientParts): TenantClient {
  const { places, places: { home: { driver: { builder } } } } = given
  const parts: Parts = { ...given, builder, cancel: (query) => places.cancel(query), createTag: tagFactory(builder) }
  const make = queryFactory(builder)
  return {
    sql: createSql(parts),
    joinTransaction: async (options, fn) => await openTransaction(parts, options, true, fn),
    query: async (settings, text, parameters = [], { lanes, dialect } = places.home) => {
      const query = make(OURS, [text], parameters, { prepare: true, simple: false })
      lanes.run({ frame: dialect.frameOf(settings), query, isAlone: false, isOurs: true })
      return rowsOf(await Promise.prototype.then.call(query))
    }
  }
}

/** What the package asks is sent by whoever makes it. */
const OURS: QueryRules = { send () {}, assertReader () {}, cancel () {}, explain: () => undefined }

function rowsOf (result: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(result) ? result : []
}

function createSql (parts: Parts): TenantSql {
  const alone = withMembers(parts, parts.createTag(plainRules(parts, true)))
  const sql: unknown = Object.assign(withMembers(parts, parts.createTag(plainRules(parts, false))), { alone })
  if (!isSql(sql, parts.builder)) throw new DriverUnsupportedError()
  return sql
}

function withMembers (parts: Parts, tag: Tag): Tag {
  return Object.defineProperties(
    Object.assign(tag, refusedMembers(), {
      begin: (...args: readonly unknown[]) => begin(parts, args),
      reserve: async () => await reserve(parts),
      listen: async (channel: unknown, fn: unknown, onlisten: unknown) => await listen(parts, { channel, fn, onlisten }),
      PostgresError: parts.builder.PostgresError,
      CLOSE: parts.builder.CLOSE,
      END: parts.builder.END
    }), {
      options: { get: () => visibleOptions(parts.builder) },
      parameters: { get: () => sharedParameters(parts.builder) }
    })
}

/** What changes how values are written and read. The rest holds the credentials and every setting of the raw client (D-21). */
function visibleOptions (builder: Sql): object {
  const { parsers, serializers, types, transform } = builder.options
  return { parsers, serializers, types, transform }
}

function plainRules (parts: Parts, isAlone: boolean): TagRules {
  return {
    send: (query) => sendPlain(parts, query, isAlone),
    assertReader: (query) => assertReader(query, parts.enforcement),
    cancel: parts.cancel,
    explain: (query, error) => explainError(parts.whereabouts, writerOf(query)?.tenant, error),
    nameOfChannel: (channel) => parts.places.home.channels.nameOf(currentContext()?.tenant, channel)
  }
}

/** What the server reported, without the path that a lane has at the moment: PostgreSQL 18 reports that too. */
function sharedParameters (builder: Sql): object {
  const { search_path: _path, ...parameters } = { ...builder.parameters }
  return parameters
}

/** Sends a plain statement: in the transaction that it joins, or in one of its own. */
function sendPlain ({ places, enforcement }: Parts, query: LaneQuery, isAlone: boolean): void {
  const context = contextOf(query, enforcement)
  bindCallbacks(query)
  if (context?.transaction instanceof Scope && context.transaction.isJoined) return context.transaction.send(query)
  const place = places.peek(context?.tenant)
  if (place !== undefined) sendTo(place, context?.tenant, query, isAlone)
  else sendWhenOpen(places, context?.tenant, query, isAlone)
}

function sendWhenOpen (places: PlaceSource, tenant: Tenant | undefined, query: LaneQuery, isAlone: boolean): void {
  places.open(tenant).then((place) => sendTo(place, tenant, query, isAlone), (error: unknown) => query.reject(error))
}

function sendTo (place: TenantPlace, tenant: Tenant | undefined, query: LaneQuery, isAlone: boolean): void {
  place.lanes.run({ frame: place.frameOf(tenant), query, isAlone: isAlone || tenant?.isMoving === true, isOurs: false })
}

async function reserve (parts: Parts): Promise<unknown> {
  const tenant = entered(parts)?.tenant
  return await reserveSession(parts, parts.places.peek(tenant) ?? await parts.places.open(tenant), tenant)
}

async function listen (parts: Parts, call: ListenCall): Promise<unknown> {
  const tenant = entered(parts)?.tenant
  const place = parts.places.peek(tenant) ?? await parts.places.open(tenant)
  return await place.channels.listen(tenant, call)
}

/** The context; none is what observe mode lets through. */
function entered ({ enforcement }: Parts): TenantContext | undefined {
  const context = currentContext()
  if (context === undefined) enforcement.refuse(new ContextMissingError())
  return context
}

async function begin (parts: Parts, args: readonly unknown[]): Promise<unknown> {
  const [options, last] = args.length > 1 ? args : ['', args[0]]
  const callback = userCallback(last)
  if (callback === undefined) throw new SqlRefusedError('sql.begin needs a function: sql.begin(async (tx) => { … }).')
  if (typeof options !== 'string' || /[^a-z ,]/i.test(options)) {
    throw new SqlRefusedError('The options of sql.begin are words such as "isolation level serializable read only".')
  }
  return await openTransaction(parts, options, false, callback)
}

/** Opens a transaction, or a savepoint where the caller is in one already (D-12). */
async function openTransaction<T> (parts: Parts, options: string, isJoined: boolean, callback: ScopeCallback<T>): Promise<T> {
  const context = entered(parts)
  const outer = openScopeOf(context)
  if (outer !== undefined && options !== '') {
    throw new SqlRefusedError('A transaction inside a transaction is a savepoint and has no options of its own: give them to the outer one.')
  }
  const tenant = context?.tenant
  if (outer !== undefined) return await savepointIn(parts, outer, tenant, undefined, callback)
  const place = parts.places.peek(tenant) ?? await parts.places.open(tenant)
  return await runTransaction({ lanes: place.lanes, timeouts: parts.timeouts }, place.frameOf(tenant), { options, isJoined }, (scope) => enterScope(parts, scope, tenant, callback))
}

/** The transaction that the caller is in. Code that outlived one may open another, but not if it was to be part of it, or goes on in one that was lost. */
function openScopeOf (context: TenantContext | undefined): Scope | undefined {
  const outer = context?.transaction
  if (!(outer instanceof Scope)) return undefined
  if (outer.isLost || (outer.isJoined && !outer.isAlive)) throw new TransactionEndedError()
  return outer.isAlive ? outer : undefined
}

/** Tells whether `client` has everything that the driver's client has, implemented or refused. */
function isSql (client: unknown, builder: Sql): client is TenantSql {
  return typeof client === 'function' && Object.keys(builder).every((member) => member in client)
}

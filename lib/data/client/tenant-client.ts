import type { Sql } from 'postgres'
import { currentContext } from '../../settings/context/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { ContextMissingError, DriverUnsupportedError, SqlRefusedError, TransactionEndedError } from '../../words/errors.ts'
import type { Tenant, TenantContext, TenantSettings } from '../../words/types.ts'
import type { Channels, ListenCall } from '../channels/index.ts'
import type { LaneQuery } from '../lanes/index.ts'
import type { SettingsDialect, SettingsFrame } from '../wire/index.ts'
import { assertReader, contextOf } from './binding.ts'
import { refusedMembers } from './refusals.ts'
import { reserveSession } from './reservation.ts'
import { Scope } from './scope.ts'
import { type Tag, type TagFactory, type TagRules, tagFactory } from './tag.ts'
import { type QueryRules, queryFactory } from './tenant-query.ts'
import { type ScopeCallback, enterScope, savepointIn, userCallback } from './transaction-handle.ts'
import { type TransactionSurroundings, runTransaction } from './transaction.ts'
import { bindCallbacks } from './written-query.ts'

/** What the tenant client is made of. */
export interface TenantClientParts extends TransactionSurroundings {
  /** The driver client that builds queries and never connects. */
  readonly builder: Sql
  readonly enforcement: Enforcement
  readonly dialect: SettingsDialect
  readonly channels: Channels
  /** The settings of a tenant; of nobody, for what observe mode lets through without a tenant. */
  readonly settingsOf: (tenant: Tenant | undefined) => TenantSettings
}

/** The tenant client, and what only the faces may do with it. */
export interface TenantClient {
  readonly sql: TenantSql
  /** Runs `fn` in the current tenant's context as one transaction that every plain statement joins. */
  joinTransaction<T> (options: string, fn: () => T | PromiseLike<T>): Promise<T>
  /** Sends one statement of ours with the settings that are given, whatever the context is, and returns its rows. */
  query (settings: TenantSettings, text: string, parameters?: readonly string[]): Promise<readonly Record<string, unknown>[]>
}

/** postgres.js's client as a tenant has it. */
export interface TenantSql extends Sql {
  /** The same tag for statements that are known to be slow: each has a connection alone, so that nothing waits behind it. */
  readonly alone: Sql
}

interface Parts extends TenantClientParts {
  readonly frameOf: (tenant: Tenant | undefined) => SettingsFrame
  readonly cancel: QueryRules['cancel']
  readonly createTag: TagFactory
}

/**
 * Returns the tenant client: postgres.js's tag and helpers, with every statement in a transaction of its own that
 * carries the tenant's settings.
 *
 * The SQL sent for one statement, in one round trip: `select set_config('search_path', $1, true),
 * set_config('app.tenant_id', $2, true), …` and the statement, up to one Sync: one implicit transaction.
 *
 * @throws {DriverUnsupportedError} FST_TENANCY_DRIVER_UNSUPPORTED — the driver has members that this client does not know.
 */
export function createTenantClient (given: TenantClientParts): TenantClient {
  const parts: Parts = { ...given, frameOf: framesOf(given), cancel: (query) => given.lanes.cancel(query), createTag: tagFactory(given.builder) }
  const make = queryFactory(parts.builder)
  return {
    sql: createSql(parts),
    joinTransaction: async (options, fn) => await openTransaction(parts, options, true, fn),
    query: async (settings, text, parameters = []) => {
      const query = make(OURS, [text], parameters, { prepare: true, simple: false })
      parts.lanes.run({ frame: parts.dialect.frameOf(settings), query, isAlone: false, isOurs: true })
      return rowsOf(await Promise.prototype.then.call(query))
    }
  }
}

/** What the package asks is sent by whoever makes it. */
const OURS: QueryRules = { send () {}, assertReader () {}, cancel () {} }

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

/** A tenant's frame is made once for each time that the tenant is read from the registry. */
function framesOf ({ dialect, settingsOf }: TenantClientParts): Parts['frameOf'] {
  const frames = new WeakMap<Tenant, SettingsFrame>()
  return (tenant) => {
    const known = tenant === undefined ? undefined : frames.get(tenant)
    if (known !== undefined) return known
    const frame = dialect.frameOf(settingsOf(tenant))
    if (tenant !== undefined) frames.set(tenant, frame)
    return frame
  }
}

function plainRules (parts: Parts, isAlone: boolean): TagRules {
  return {
    send: (query) => sendPlain(parts, query, isAlone),
    assertReader: (query) => assertReader(query, parts.enforcement),
    cancel: parts.cancel,
    nameOfChannel: (channel) => parts.channels.nameOf(currentContext()?.tenant, channel)
  }
}

/** What the server reported, without the path that a lane has at the moment: PostgreSQL 18 reports that too. */
function sharedParameters (builder: Sql): object {
  const { search_path: _path, ...parameters } = { ...builder.parameters }
  return parameters
}

/** Sends a plain statement: in the transaction that it joins, or in one of its own. */
function sendPlain (parts: Parts, query: LaneQuery, isAlone: boolean): void {
  const context = contextOf(query, parts.enforcement)
  bindCallbacks(query)
  const outer = context?.transaction
  if (outer instanceof Scope && outer.isJoined) outer.send(query)
  else parts.lanes.run({ frame: parts.frameOf(context?.tenant), query, isAlone, isOurs: false })
}

async function reserve (parts: Parts): Promise<unknown> {
  const context = currentContext()
  if (context === undefined) parts.enforcement.refuse(new ContextMissingError())
  return await reserveSession(parts, parts.frameOf(context?.tenant), context?.tenant)
}

async function listen (parts: Parts, call: ListenCall): Promise<unknown> {
  const context = currentContext()
  if (context === undefined) parts.enforcement.refuse(new ContextMissingError())
  return await parts.channels.listen(context?.tenant, call)
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
  const context = currentContext()
  if (context === undefined) parts.enforcement.refuse(new ContextMissingError())
  const outer = openScopeOf(context)
  if (outer !== undefined && options !== '') {
    throw new SqlRefusedError('A transaction inside a transaction is a savepoint and has no options of its own: give them to the outer one.')
  }
  const tenant = context?.tenant
  return outer === undefined
    ? await runTransaction(parts, parts.frameOf(tenant), { options, isJoined }, (scope) => enterScope(parts, scope, tenant, callback))
    : await savepointIn(parts, outer, tenant, undefined, callback)
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

import type { Sql } from 'postgres'
import { currentContext } from '../../settings/context/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { ContextMissingError, DriverUnsupportedError, SqlRefusedError, TransactionEndedError } from '../../words/errors.ts'
import type { Tenant, TenantContext, TenantSettings } from '../../words/types.ts'
import type { StatementResult } from '../lanes/index.ts'
import type { DriverQuery } from '../wire/index.ts'
import { assertReader, contextOf } from './binding.ts'
import { assertAllowed, refusedMembers } from './refusals.ts'
import { Scope } from './scope.ts'
import { type TagRules, createTag } from './tag.ts'
import { type ScopeCallback, enterScope, savepointIn, userCallback } from './transaction-handle.ts'
import { type TransactionSurroundings, runTransaction } from './transaction.ts'
import { onLane } from './written-query.ts'

/** What the tenant client is made of. */
export interface TenantClientParts extends TransactionSurroundings {
  /** The driver client that builds queries and never connects. */
  readonly builder: Sql
  readonly enforcement: Enforcement
  /** The settings of a tenant; of nobody, for what observe mode lets through without a tenant. */
  readonly settingsOf: (tenant: Tenant | undefined) => TenantSettings
}

/** The tenant client, and what only the faces may do with it. */
export interface TenantClient {
  readonly sql: Sql
  /** Runs `fn` in the current tenant's context as one transaction that every plain statement joins. */
  joinTransaction<T> (options: string, fn: () => T | PromiseLike<T>): Promise<T>
  /** Sends one statement of ours with the settings that are given, whatever the context is, and returns its rows. */
  query (settings: TenantSettings, text: string, parameters?: readonly string[]): Promise<readonly Record<string, unknown>[]>
}

/**
 * Returns the tenant client: postgres.js's tag and helpers, with every statement in a transaction of its own that
 * carries the tenant's settings.
 *
 * The SQL sent for one statement: `begin; …` – `select set_config('search_path', $1, true), set_config('app.tenant_id',
 * $2, true) …` – the statement – `commit`.
 *
 * @throws {DriverUnsupportedError} FST_TENANCY_DRIVER_UNSUPPORTED — the driver has members that this client does not know.
 */
export function createTenantClient (parts: TenantClientParts): TenantClient {
  const sql: unknown = Object.defineProperties(
    Object.assign(createTag(parts.builder, plainRules(parts)), refusedMembers(), {
      begin: (...args: readonly unknown[]) => begin(parts, args),
      PostgresError: parts.builder.PostgresError,
      CLOSE: parts.builder.CLOSE,
      END: parts.builder.END
    }), {
      // They hold the password and every setting of the raw client (D-21).
      options: { get: () => { throw new SqlRefusedError('sql.options is refused on the tenant client, because it holds the credentials: keep what you need of your own configuration.') } },
      parameters: { get: () => sharedParameters(parts.builder) }
    })
  if (!isSql(sql, parts.builder)) throw new DriverUnsupportedError()
  return {
    sql,
    joinTransaction: async (options, fn) => await openTransaction(parts, options, true, fn),
    query: async (settings, text, parameters = []) => await runTransaction(parts, settings, { options: 'read only', isJoined: false },
      (scope) => scope.send((client) => client.unsafe(text, [...parameters])))
  }
}

function plainRules (parts: TenantClientParts): TagRules {
  return {
    send: (query) => sendPlain(parts, query),
    assertReader: (query) => assertReader(query, parts.enforcement),
    isObserved: false
  }
}

/** What the server reported, without the path that a lane has at the moment: PostgreSQL 18 reports that too. */
function sharedParameters (builder: Sql): object {
  const { search_path: _path, ...parameters } = { ...builder.parameters }
  return parameters
}

/** Sends a plain statement: in the transaction that it joins, or in one of its own. */
async function sendPlain (parts: TenantClientParts, query: DriverQuery): Promise<StatementResult> {
  assertAllowed(query)
  const context = contextOf(query, parts.enforcement)
  const start = onLane(query)
  const outer = context?.transaction
  if (outer instanceof Scope && outer.isJoined) return await outer.send(start)
  return await runTransaction(parts, parts.settingsOf(context?.tenant), { options: '', isJoined: false }, (scope) => scope.send(start))
}

async function begin (parts: TenantClientParts, args: readonly unknown[]): Promise<unknown> {
  const [options, last] = args.length > 1 ? args : ['', args[0]]
  const callback = userCallback(last)
  if (callback === undefined) throw new SqlRefusedError('sql.begin needs a function: sql.begin(async (tx) => { … }).')
  if (typeof options !== 'string' || /[^a-z ,]/i.test(options)) {
    throw new SqlRefusedError('The options of sql.begin are words such as "isolation level serializable read only".')
  }
  return await openTransaction(parts, options, false, callback)
}

/** Opens a transaction, or a savepoint where the caller is in one already (D-12). */
async function openTransaction<T> (parts: TenantClientParts, options: string, isJoined: boolean, callback: ScopeCallback<T>): Promise<T> {
  const context = currentContext()
  if (context === undefined) parts.enforcement.refuse(new ContextMissingError())
  const outer = openScopeOf(context)
  if (outer !== undefined && options !== '') {
    throw new SqlRefusedError('A transaction inside a transaction is a savepoint and has no options of its own: give them to the outer one.')
  }
  const tenant = context?.tenant
  return outer === undefined
    ? await runTransaction(parts, parts.settingsOf(tenant), { options, isJoined }, (scope) => enterScope(parts, scope, tenant, callback))
    : await savepointIn(parts, outer, tenant, undefined, callback)
}

/** The transaction that the caller is in. Code that outlived one may open another, but not if it was to be part of it. */
function openScopeOf (context: TenantContext | undefined): Scope | undefined {
  const outer = context?.transaction
  if (!(outer instanceof Scope)) return undefined
  if (outer.isJoined && !outer.isAlive) throw new TransactionEndedError()
  return outer.isAlive ? outer : undefined
}

/** Tells whether `client` has everything that the driver's client has, implemented or refused. */
function isSql (client: unknown, builder: Sql): client is Sql {
  return typeof client === 'function' && Object.keys(builder).every((member) => member in client)
}

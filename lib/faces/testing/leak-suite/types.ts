import type { AddressInfo } from 'node:net'
import type { TenantDatabase, TenantDatabaseOptions, TestTenancyOptions, TestTenant } from '../tenant-database.ts'

/** What is used of a Fastify instance, whatever its logger and its type provider are. */
export interface AppUnderTest {
  readonly server: { address (): AddressInfo | string | null }
  ready (): PromiseLike<unknown>
  close (): PromiseLike<unknown>
  listen (options: { readonly port: number, readonly host: string }): PromiseLike<unknown>
  inject (options: InjectedCall): PromiseLike<{ readonly statusCode: number, readonly headers: object, readonly body: string }>
}

/** A call without a socket. */
export interface InjectedCall {
  readonly method: 'GET'
  readonly url: string
  readonly headers: Record<string, string>
}

/** Builds the user's own service with the options that its `zakops-tenancy` has to be registered with. */
export type AppFactory = (options: TestTenancyOptions) => AppUnderTest | Promise<AppUnderTest>

/** The values of a row, by column. */
export type Row = Readonly<Record<string, unknown>>

/** Whose ids a call uses: of the caller's row whose key both tenants have, of the other tenant's row, or of none. */
export type Whose = 'own' | 'foreign' | 'nobody'

/** What a maker of a call is given. */
export interface CallContext {
  /** The tenant that calls. */
  readonly tenant: TestTenant
  /** A text that only this tenant's rows hold: put it into what is written. */
  readonly mark: string
  /** Returns the row of a table whose ids the call is to use. */
  row (table: string): Row
}

/** How one route is called where the suite cannot guess it. */
export interface RouteCall {
  /** Why it is not called at all. */
  readonly skip?: string
  readonly params?: (call: CallContext) => Readonly<Record<string, unknown>>
  readonly query?: (call: CallContext) => Readonly<Record<string, unknown>>
  readonly body?: (call: CallContext) => unknown
  readonly headers?: (call: CallContext) => Readonly<Record<string, string>>
}

/** A row that a hook of the user's writes for a tenant. */
export interface SeedContext {
  readonly tenant: TestTenant
  readonly mark: string
  /** The schema of the tenant's tables, not quoted. */
  readonly schema: string
  /** Sends SQL as the superuser, with the tenant's settings. */
  query (text: string, parameters?: readonly unknown[]): Promise<readonly Row[]>
}

/** Options of {@link leakSuite}. */
export interface LeakSuiteOptions extends TenantDatabaseOptions {
  /** A database whose tenants nobody else uses. Required for an app that is built already; else one is made. */
  readonly on?: TenantDatabase
  /** How to call routes, by method and path: `'GET /deals/:id'`. */
  readonly routes?: Readonly<Record<string, RouteCall>>
  /** An OpenAPI 3 document of the service: routes and schemas that its route table does not have are taken from it. */
  readonly openapi?: object
  /** Writes rows of a tenant that cannot be made from the catalog alone. */
  readonly seed?: (seed: SeedContext) => Promise<void>
  /** The headers that make a request the tenant's. Default: a bearer token with the claim. */
  readonly headers?: (tenant: TestTenant) => Readonly<Record<string, string>>
  /** How long work that goes on behind an answer is waited for, in milliseconds. Default: 250. */
  readonly settle?: number
}

/** What came to light about a route. */
export interface Leak {
  /** Which detector saw it: `canary`, `write`, `oracle`, `cache`, `influence`, `connection`, `context` or `view`. */
  readonly detector: string
  /** What was asked, by whom. */
  readonly request: string
  /** What was seen, and where. */
  readonly evidence: string
  /** What to look at in the code. */
  readonly advice: string
}

/** What the suite says of one route. */
export interface RouteVerdict {
  /** Such as `GET /deals/:id`. */
  readonly route: string
  readonly verdict: 'isolated' | 'leaking' | 'not exercised'
  /** Why it was not exercised. */
  readonly reason: string
  readonly leaks: readonly Leak[]
}

/** A layer that holds tenants apart, as it was tried by itself through the service's own plugin. */
export interface LayerVerdict {
  readonly layer: Layer
  readonly holds: boolean
  readonly evidence: string
}

export const LAYERS = ['policy', 'FORCE', 'path', 'hook', 'lane discard'] as const

/** What {@link mutateLayers} takes away, one at a time. */
export type Layer = typeof LAYERS[number]

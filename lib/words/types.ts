/** How many tenants one deployment serves: `single` has one fixed tenant, `multi` takes it from the token. */
export type TenantMode = 'single' | 'multi'

export const ISOLATION_STRATEGIES = ['schema+rls', 'schema', 'rls', 'database'] as const

/** Where a tenant's rows are kept apart from another's. */
export type IsolationStrategyName = typeof ISOLATION_STRATEGIES[number]

export const TENANT_STATUSES = ['provisioning', 'active', 'suspended', 'archived', 'deleted'] as const

/** A tenant is served only while it is `active`. */
export type TenantStatus = typeof TENANT_STATUSES[number]

export const SIGNING_STAGES = ['off', 'optional', 'required'] as const

/**
 * How far a database is with signed tenant settings. `off`: policies take the id as it is. `optional`: they check what is
 * signed, and take what is not. `required`: they take nothing else.
 */
export type SigningStage = typeof SIGNING_STAGES[number]

/** The name of the server that the options `database` and `ownerDatabase` are of. */
export const DEFAULT_SERVER = 'default'

/** Where the rows of a tenant are: a server that the options name, and a database on it. */
export interface Place {
  /** A name in the option `servers`, or {@link DEFAULT_SERVER}. */
  readonly server: string
  /** The tenant's own database under `database`; null is the one that the options name for the server. */
  readonly database: string | null
}

declare const tenantIdBrand: unique symbol

/** A string that was checked by `isTenantId`; nothing else can become a schema name or a setting. */
export type TenantId = string & { readonly [tenantIdBrand]: true }

/** One customer whose rows must never meet another's. Frozen. */
export interface Tenant extends Place {
  /** Opaque, stable; the value of the tenant claim and the key of the tenant registry. */
  readonly id: TenantId
  /** For people; never used to find data. */
  readonly name: string
  readonly status: TenantStatus
  readonly isolation: IsolationStrategyName
  /** The schema that holds the tenant's tables: its own, or the shared one under `rls`. */
  readonly schema: string
  /** The name of the last tenant migration that it has had; empty before the first. */
  readonly migration: string
  /**
   * True while a move of it is about to switch, when its writes may wait: each of its statements has a connection alone then,
   * so that nobody else's waits behind it.
   */
  readonly isMoving: boolean
  readonly createdAt: Date
}

/** What the AsyncLocalStorage store holds while a tenant's code runs. Frozen. */
export interface TenantContext {
  readonly tenant: Tenant
  /** The innermost transaction this code runs in, or null. */
  readonly transaction: TransactionScope | null
}

/** A running transaction or savepoint, as the tenant context knows it. */
export interface TransactionScope {
  /** False from the moment its callback settled, its connection was lost or its deadline passed. */
  readonly isAlive: boolean
  /** True when plain statements of the tenant client belong to it (a route with `transaction: true`). */
  readonly isJoined: boolean
}

/** The transaction-local values that every statement of a tenant runs with. */
export interface TenantSettings {
  /** The text given to `search_path`, already quoted. */
  readonly searchPath: string
  /** The first schema of the path: it must exist, or the statement is not sent. */
  readonly schema: string
  /** The value of `app.tenant_id`; empty where there is no tenant. */
  readonly tenantId: TenantId | ''
}

/** How bad a finding is: `fatal` ones stop the start in multi mode. */
export type FindingSeverity = 'fatal' | 'warning'

/** A line of a source file. */
export interface SourceLine {
  /** Path from the folder that was looked through. */
  readonly file: string
  /** The first line is 1. */
  readonly line: number
}

/** One result of one check. */
export interface Finding {
  /** Stable name of the check. */
  readonly check: string
  readonly severity: FindingSeverity
  /** The role, schema or table that was found. */
  readonly object: string
  /** What can happen. */
  readonly message: string
  /** The SQL that repairs it. */
  readonly repair: string
  /** The database that it is in; left out where only one was looked at. */
  readonly place?: Place
  /** Where it stands in the source; left out for what a database holds. */
  readonly at?: SourceLine
}

/** The part of a logger that is used: Fastify's, pino's or `console` fit. */
export interface TenancyLogger {
  info (details: object, message: string): void
  warn (details: object, message: string): void
  error (details: object, message: string): void
}

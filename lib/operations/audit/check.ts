import type { FindingSeverity } from '../../words/types.ts'

/** What the settings and the registry say of the database that is looked at. */
export interface AuditPlace {
  readonly sharedSchema: string
  /** Whether the process signs the tenant settings: policies that check nothing see no tenant then. */
  readonly isSigning?: boolean
  /** Whether the process relies on settings that SQL cannot change. Default: false. */
  readonly isLocked?: boolean
  /** Default: `extensions`. */
  readonly extensionsSchema?: string
  /** Whether one tenant has the database for itself: nobody else's rows are in it. Default: false. */
  readonly isOwnDatabase?: boolean
  /** The schemas whose tables must have policies, as far as the registry was read. */
  readonly policySchemas?: readonly string[]
  /** Whether tenants share tables here; undefined where the registry was not read. */
  readonly hasSharedTenants?: boolean
}

/**
 * One rule that the application's role has to keep. Every file in the folders of `checks/` has this shape, in this order.
 *
 * `sql` runs as that role on a path that holds nothing but `pg_catalog`, behind the words of `words.ts`. Each row it returns
 * is a fault: the text `object` says where, the text `repair` is SQL, or an SQL comment where no statement can repair it. A
 * row may have a `severity` of its own.
 */
export interface Check {
  readonly name: string
  readonly severity: FindingSeverity
  /** Whether it is looked at when a process starts; otherwise only when somebody asks for the audit. */
  readonly isAtStart: boolean
  /** What can happen. */
  readonly message: string
  readonly sql: string
}

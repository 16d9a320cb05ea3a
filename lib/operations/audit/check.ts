import type { FindingSeverity } from '../../words/types.ts'

/** What the settings say of the database that is looked at. */
export interface AuditPlace {
  readonly sharedSchema: string
}

/**
 * One rule that the application's role has to keep. Every file of `checks/` has this shape, in this order.
 *
 * `sql` runs as that role on a path that holds nothing but `pg_catalog`. Each row it returns is a fault: the text
 * `object` says where, the text `repair` is SQL, or an SQL comment where no statement can repair it.
 */
export interface Check {
  readonly name: string
  readonly severity: FindingSeverity
  /** What can happen. */
  readonly message: string
  readonly sql: string
}

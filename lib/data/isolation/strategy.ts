import type { IsolationStrategyName, TenantId } from '../../words/types.ts'

/** What of the settings says how places are named. */
export interface Naming {
  readonly sharedSchema: string
  readonly databasePrefix: string
}

/** What differs between the isolation strategies, and nothing else. */
export interface IsolationStrategy {
  readonly name: IsolationStrategyName
  /** Whether the tenant's tables are in a schema that no other tenant uses. */
  readonly hasOwnSchema: boolean
  /** Whether every table has a policy. */
  readonly hasPolicies: boolean
  /** Returns the schema that holds the tenant's tables. */
  schemaOf (tenantId: TenantId, naming: Naming): string
  /** Returns the name of the tenant's own database, or null where it has none. */
  databaseOf (tenantId: TenantId, naming: Naming): string | null
  /** Returns the schemas of the search path in their order, without `pg_temp`, which always comes last. */
  pathOf (schema: string, place: { readonly extensionsSchema: string }): readonly string[]
}

import type { IsolationStrategyName, TenantId } from '../../words/types.ts'

/** What differs between the isolation strategies, and nothing else. */
export interface IsolationStrategy {
  readonly name: IsolationStrategyName
  /** Whether the tenant's tables are in a schema that no other tenant uses. */
  readonly hasOwnSchema: boolean
  /** Whether every table has a policy. */
  readonly hasPolicies: boolean
  /** Returns the schema that holds the tenant's tables. */
  schemaOf (tenantId: TenantId, place: { readonly sharedSchema: string }): string
  /** Returns the schemas of the search path in their order, without `pg_temp`, which always comes last. */
  pathOf (schema: string, place: { readonly extensionsSchema: string }): readonly string[]
}

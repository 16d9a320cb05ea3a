import type { IsolationStrategy } from './strategy.ts'

/** Shared tables with a tenant column; policies hold the line. */
export const rlsStrategy: IsolationStrategy = {
  name: 'rls',
  hasOwnSchema: false,
  hasPolicies: true,
  schemaOf: (_tenantId, { sharedSchema }) => sharedSchema,
  databaseOf: () => null,
  pathOf: (schema) => [schema]
}

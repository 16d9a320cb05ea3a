import { databaseNameOf } from '../../words/names.ts'
import type { IsolationStrategy } from './strategy.ts'

/** A database of the tenant's own, with the application's schema in it. */
export const databaseStrategy: IsolationStrategy = {
  name: 'database',
  hasOwnSchema: true,
  hasPolicies: false,
  schemaOf: (_tenantId, { sharedSchema }) => sharedSchema,
  databaseOf: (tenantId, { databasePrefix }) => databaseNameOf(tenantId, databasePrefix),
  pathOf: (schema, { extensionsSchema }) => [schema, extensionsSchema]
}

import { schemaNameOf } from '../../words/names.ts'
import type { IsolationStrategy } from './strategy.ts'

/** A schema of the tenant's own, and a policy on each of its tables as the second line. */
export const schemaRlsStrategy: IsolationStrategy = {
  name: 'schema+rls',
  hasOwnSchema: true,
  hasPolicies: true,
  schemaOf: (tenantId) => schemaNameOf(tenantId),
  databaseOf: () => null,
  pathOf: (schema, { extensionsSchema }) => [schema, extensionsSchema]
}

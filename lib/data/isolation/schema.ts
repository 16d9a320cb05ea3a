import { schemaNameOf } from '../../words/names.ts'
import type { IsolationStrategy } from './strategy.ts'

/** A schema of the tenant's own. */
export const schemaStrategy: IsolationStrategy = {
  name: 'schema',
  hasOwnSchema: true,
  hasPolicies: false,
  schemaOf: (tenantId) => schemaNameOf(tenantId),
  databaseOf: () => null,
  pathOf: (schema, { extensionsSchema }) => [schema, extensionsSchema]
}

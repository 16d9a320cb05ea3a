import { OptionsInvalidError } from '../../words/errors/index.ts'
import type { IsolationStrategyName } from '../../words/types.ts'
import { databaseStrategy } from './database.ts'
import { rlsStrategy } from './rls.ts'
import { schemaRlsStrategy } from './schema-rls.ts'
import { schemaStrategy } from './schema.ts'
import type { IsolationStrategy } from './strategy.ts'

const STRATEGIES: ReadonlyMap<string, IsolationStrategy> = new Map(
  [schemaRlsStrategy, schemaStrategy, rlsStrategy, databaseStrategy].map((strategy) => [strategy.name, strategy])
)

/**
 * Returns the isolation strategy with this name.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — there is none.
 */
export function strategyOf (name: IsolationStrategyName): IsolationStrategy {
  const strategy = STRATEGIES.get(name)
  if (strategy === undefined) {
    throw new OptionsInvalidError('- isolation must be "schema+rls", "schema", "rls" or "database".')
  }
  return strategy
}

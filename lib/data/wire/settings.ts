import { SchemaMissingError, SettingsMismatchError } from '../../words/errors.ts'
import type { TenantSettings } from '../../words/types.ts'

/** Sends one statement and returns how many rows it answered with. */
export type CountRows = (text: string, parameters: readonly string[]) => Promise<number>

/**
 * How tenant settings reach the server. The only place that knows it; a server that needs another way (Citus) gets
 * another dialect.
 */
export interface SettingsDialect {
  /** Applies `settings` to the current transaction and proves it, before anything else is sent. */
  apply (settings: TenantSettings, countRows: CountRows): Promise<void>
}

// MATERIALIZED, or the planner would compare current_schema() before set_config() has run. The answer is a row without
// columns or none, so that no transform of the user's can change what we see.
const APPLY = `with applied as materialized (
  select pg_catalog.set_config('search_path', $1, true) as path,
         pg_catalog.set_config('app.tenant_id', $2, true) as tenant,
         pg_catalog.current_schema() as schema
) select from applied where path = $1 and tenant = $2 and schema = $3`

const SCHEMA_IS_CURRENT = 'select from pg_catalog.current_schema() as schema where schema = $1'

/**
 * PostgreSQL's own way: one parameterised statement, transaction-local, read back in the same round trip.
 *
 * @throws {SchemaMissingError} FST_TENANCY_SCHEMA_MISSING — a path to nowhere is no error to PostgreSQL (I-05).
 * @throws {SettingsMismatchError} FST_TENANCY_SETTINGS_MISMATCH — something else sets these settings.
 */
export const postgresDialect: SettingsDialect = {
  async apply (settings, countRows) {
    const { searchPath, tenantId, schema } = settings
    if (await countRows(APPLY, [searchPath, tenantId, schema]) === 1) return
    throw await countRows(SCHEMA_IS_CURRENT, [schema]) === 1 ? new SettingsMismatchError() : new SchemaMissingError()
  }
}

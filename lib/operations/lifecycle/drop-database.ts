import postgres from 'postgres'
import { DatabaseUnreachableError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { withAdmin, withOwner } from '../../data/owner/index.ts'

const NO_SUCH_DATABASE = '3D000'
const PLACE_TABLE = `${quoteIdentifier(CONTROL_SCHEMA)}.place`

/** Tells whether the tenant's own database is still there. One that another tenant or deployment has marked is refused. */
export async function hasDatabase (config: TenancyConfig, tenant: Tenant): Promise<boolean> {
  const [home] = await withOwner(config, (sql) => sql.unsafe(`select deployment::text as deployment from ${PLACE_TABLE}`))
  try {
    const [place] = await withOwner(config, (sql) => sql.unsafe(`select tenant, deployment::text as deployment from ${PLACE_TABLE}`), tenant)
    if (place?.['tenant'] === tenant.id && place['deployment'] === home?.['deployment']) return true
  } catch (error) {
    if (isDatabaseMissing(error)) return false
    throw error
  }
  throw new Error('the database is not marked as this tenant\'s: look whose it is, and drop it by hand')
}

/** Drops the tenant's own database, and ends whatever is connected to it. */
export async function dropDatabase (config: TenancyConfig, tenant: Tenant & { readonly database: string }): Promise<void> {
  if (!await hasDatabase(config, tenant)) return
  await withAdmin(config, async (sql) => {
    await sql.unsafe(`drop database if exists ${quoteIdentifier(tenant.database)} with (force)`)
  }, { server: tenant.server, database: null })
}

/** Tells whether the server says that there is no such database. */
export function isDatabaseMissing (error: unknown): boolean {
  return error instanceof DatabaseUnreachableError && error.cause instanceof postgres.PostgresError && error.cause.code === NO_SUCH_DATABASE
}

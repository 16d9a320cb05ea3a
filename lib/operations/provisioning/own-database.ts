import postgres from 'postgres'
import type { Sql } from 'postgres'
import { AdminMissingError, OwnerMissingError } from '../../words/errors/index.ts'
import { quoteIdentifier } from '../../words/names.ts'
import type { Place, Tenant } from '../../words/types.ts'
import { type DatabaseOption, type TenancyConfig, databaseAt } from '../../settings/config/index.ts'
import { withAdmin } from '../../data/owner/index.ts'
import { roleOf, setUpDatabase } from '../roles/index.ts'

const DUPLICATE_DATABASE = '42P04'

/** Somebody is connected to the template: it passes. */
const OBJECT_IN_USE = '55006'
const ATTEMPTS = 20
const PAUSE_MS = 250

/**
 * Makes the tenant's own database, prepared as `setUpDatabase` prepares one. What is there
 * already stays, so that a provisioning that was interrupted goes on. `operator` is the role that sees the rows of every tenant.
 *
 * The SQL sent, as the role of `adminDatabase`: create database "tenant_acme"; …as setUpDatabase sends it
 *
 * @throws {AdminMissingError} FST_TENANCY_PROVISION_ADMIN_MISSING — the options give no `adminDatabase` for the server.
 */
export async function ensureDatabase (config: TenancyConfig, tenant: Tenant & { readonly database: string }, operator: string | undefined): Promise<void> {
  const { adminDatabase, owner, app } = logInsFor(config, tenant)
  await withAdmin(config, (sql) => createDatabase(sql, tenant.database), { server: tenant.server, database: null })
  const { sharedSchema, extensionsSchema, locked } = config
  const roles = { owner: { name: roleOf(owner) }, app: { name: roleOf(app) }, ...(operator === undefined ? {} : { operator: { name: operator } }) }
  await setUpDatabase({ adminDatabase, ...roles, sharedSchema, extensionsSchema, locked })
}

/**
 * Returns who makes a tenant's own database and for whom.
 *
 * @throws {AdminMissingError} FST_TENANCY_PROVISION_ADMIN_MISSING and
 * {@link OwnerMissingError} FST_TENANCY_PROVISION_OWNER_MISSING — the options do not say it.
 */
export function logInsFor (config: TenancyConfig, place: Place): Record<'adminDatabase' | 'owner' | 'app', DatabaseOption> {
  const [adminDatabase, owner, app] = [databaseAt(config, 'adminDatabase', place), databaseAt(config, 'ownerDatabase', place), databaseAt(config, 'database', place)]
  if (owner === undefined || app === undefined) throw new OwnerMissingError()
  if (adminDatabase === undefined) throw new AdminMissingError()
  return { adminDatabase, owner, app }
}

async function createDatabase (sql: Sql, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const [found] = await sql`select 1 from pg_catalog.pg_database where datname = ${name}`
    if (found !== undefined) return
    try {
      await sql.unsafe(`create database ${quoteIdentifier(name)}`)
    } catch (error) {
      if (!(error instanceof postgres.PostgresError)) throw error
      if (error.code === DUPLICATE_DATABASE) return
      if (error.code !== OBJECT_IN_USE || attempt === ATTEMPTS) throw error
      await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS) })
    }
  }
}

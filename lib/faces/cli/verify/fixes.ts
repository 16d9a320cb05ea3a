import { withShortClient } from '../../../data/owner/index.ts'
import type { FileFix } from '../../../operations/scan/index.ts'
import { type TenancyConfig, databaseAt } from '../../../settings/config/index.ts'
import { CommandLibrariesError } from '../../../words/errors/index.ts'
import { quoteLiteral } from '../../../words/names.ts'
import type { Tenant } from '../../../words/types.ts'

/** Returns the names of tables, views, sequences and functions that the schema of every one of these tenants has. */
export async function namesOfTenants (config: TenancyConfig, tenants: readonly Tenant[]): Promise<ReadonlySet<string>> {
  const each = await Promise.all(tenants.map(async (tenant) => await namesOf(config, tenant)))
  const [first = new Set<string>(), ...others] = each
  return new Set([...first].filter((name) => others.every((names) => names.has(name))))
}

async function namesOf (config: TenancyConfig, tenant: Tenant): Promise<ReadonlySet<string>> {
  const database = databaseAt(config, 'database', tenant) ?? config.database
  const rows = await withShortClient(database, { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy verify' }, async (sql) => await sql.unsafe(`
    select c.relname::text as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = ${quoteLiteral(tenant.schema)} and c.relkind in ('r', 'p', 'v', 'm', 'S')
    union select p.proname::text from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = ${quoteLiteral(tenant.schema)}`))
  return new Set(rows.map((row) => String(row['name'])))
}

/**
 * Returns what changes in a file, as a patch.
 *
 * @throws {CommandLibrariesError} FST_TENANCY_CLI_LIBRARIES_MISSING — the library is not installed.
 */
export async function showDiff ({ file, text }: FileFix): Promise<string> {
  const { createTwoFilesPatch } = await import('diff').catch((cause: unknown) => { throw new CommandLibrariesError('npm install --save-dev oxc-parser diff', { cause }) })
  return createTwoFilesPatch(`a/${file.name}`, `b/${file.name}`, file.text, text, undefined, undefined, { context: 1 }).replace(/^=+\n/, '')
}

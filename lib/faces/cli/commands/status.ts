import { checkMigrationFiles } from '../../../operations/fleet/index.ts'
import type { CommandSpec } from '../command.ts'

export const status: CommandSpec = {
  name: 'status',
  description: 'Tell for each tenant which migration it has, how many it lacks, and what the last run made of it.',
  options: [{ flags: '--check', description: 'fail if a tenant lacks any or failed in its last run, or if a file that tenants have had is another now' }],
  run: async ({ values, config, withTenancy }) => {
    if (values.flag('check')) await checkMigrationFiles(await config())
    const tenants = await withTenancy(async (tenancy) => await tenancy.migrationStatus())
    const behind = tenants.filter(({ pending = 0, lastRun }) => pending > 0 || lastRun?.state === 'failed')
    return {
      json: tenants,
      lines: [`${behind.length} of ${tenants.length} tenants are behind`],
      rows: tenants.map(({ tenantId, migration, pending, lastRun }) =>
        ({ tenant: tenantId, migration, pending: pending ?? '', 'last run': lastRun?.state ?? '', error: lastRun?.error ?? '' })),
      isFailed: values.flag('check') && behind.length > 0
    }
  }
}

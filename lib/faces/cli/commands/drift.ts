import type { CommandSpec } from '../command.ts'
import { writeNew } from '../files.ts'
import { tenantId, tenantIds, text } from '../readers.ts'
import { given } from '../values.ts'

export const drift: CommandSpec = {
  name: 'drift',
  description: 'Compare what each tenant holds with a fresh one, or with a tenant that is as it should be. Changes nothing.',
  options: [
    { flags: '--reference <id>', description: 'the tenant that is as it should be', read: tenantId },
    { flags: '--tenant <id...>', description: 'only these', read: tenantIds },
    { flags: '--script <file>', description: 'write the SQL that repairs it into this file', read: text },
    { flags: '--check', description: 'fail if there is any difference' }
  ],
  run: async ({ io, values, withTenancy }) => {
    const file = values.text('script')
    const report = await withTenancy(async (tenancy) => await tenancy.drift({ ...given('reference', values.text('reference')), ...given('tenants', values.list('tenant')) }))
    if (file !== undefined) await writeNew(io, file, report.script)
    const { differences, schemas } = report
    return {
      json: report,
      lines: [`${differences.length} differences in ${schemas} schemas`, ...(file === undefined ? [] : [`the repair is in ${file}: read it, then run it as the owner, or as a superuser where it says so`])],
      rows: differences.map(({ tenantId, object, kind, expected, found }) => ({ tenant: tenantId, object, kind, expected: expected ?? '', found: found ?? '' })),
      isFailed: values.flag('check') && differences.length > 0
    }
  }
}

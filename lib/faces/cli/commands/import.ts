import { resolve } from 'node:path'
import { CommandUsageError } from '../../../words/errors/index.ts'
import type { CommandSpec } from '../command.ts'
import { tenantId, text } from '../readers.ts'
import { DISPLAY_NAME, WHERE, tenantOutcome } from '../tenants.ts'
import { given } from '../values.ts'

export const importCommand: CommandSpec = {
  name: 'import',
  description: 'Make a tenant of an export, or fill one that exists and is empty. The rows are compared with its counts and checksums; what fails leaves no tenant, or the one that was there as it was.',
  arguments: [{ usage: '<file>', description: 'the file of an export', read: text }],
  options: [
    { flags: '--id <tenant>', description: 'another tenant id than the exported one', read: tenantId },
    { flags: '--replace', description: 'in place of all rows of the archived tenant that --id names', conflicts: ['name', 'isolation', 'server', 'tag'] },
    DISPLAY_NAME,
    ...WHERE
  ],
  isDestructive: true,
  run: async ({ io, values, confirm, withTenancy }) => {
    if (values.flag('replace')) {
      const id = values.text('id')
      if (id === undefined) throw new CommandUsageError('--replace takes rows away: say whose with --id <tenant>')
      await confirm(id, `All rows of ${id} will be replaced by those of the file.`)
    }
    const tenant = await withTenancy(async (tenancy) => await tenancy.importTenant({
      from: resolve(io.cwd, values.required('file')),
      replace: values.flag('replace'),
      ...given('id', values.text('id')),
      ...given('name', values.text('name')),
      ...given('isolation', values.isolation),
      ...given('server', values.server)
    }))
    return tenantOutcome(tenant, `is ${tenant.status}: ${tenant.isolation} on ${tenant.server}`)
  }
}

import { resolve } from 'node:path'
import type { CommandSpec } from '../command.ts'
import { text } from '../readers.ts'
import { TENANT } from '../tenants.ts'

export const exportCommand: CommandSpec = {
  name: 'export',
  description: 'Write all rows of a tenant, as one snapshot has them, into one compressed file that describes itself.',
  arguments: [TENANT, { usage: '<file>', description: 'the file; one that is there is not written over', read: text }],
  run: async ({ io, values, withTenancy }) => {
    const [id, file] = [values.required('tenant'), values.required('file')]
    const { tables } = await withTenancy(async (tenancy) => await tenancy.exportTenant(id, { to: resolve(io.cwd, file) }))
    return { json: { tenantId: id, file, tables }, lines: [`${id} is in ${file}`], rows: tables.map(({ table, rows, checksum }) => ({ table, rows, checksum })) }
  }
}

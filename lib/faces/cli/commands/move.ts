import type { MoveReport } from '../../../operations/moves/index.ts'
import type { CommandContext, CommandSpec } from '../command.ts'
import { text } from '../readers.ts'
import { ISOLATION, TENANT } from '../tenants.ts'
import { given } from '../values.ts'

export const move: CommandSpec = {
  name: 'move',
  description: 'Take a tenant with its rows to another strategy or server while it is served. Without either, go on with a move that was interrupted.',
  arguments: [TENANT],
  options: [
    { ...ISOLATION, conflicts: ['confirm', 'undo'] },
    { flags: '--server <name>', description: 'the server that it goes to', read: text, conflicts: ['confirm', 'undo'] },
    { flags: '--node <host:port>', description: 'on Citus, the node that its schema goes to', read: text, conflicts: ['confirm', 'undo', 'isolation', 'server'] },
    { flags: '--confirm', description: 'remove what it has left, for good', conflicts: ['undo'] },
    { flags: '--undo', description: 'remove what was made; or take it back with all its rows, if it was switched' }
  ],
  isDestructive: true,
  run: async (context) => {
    const { values } = context
    const report = values.flag('confirm') ? await removeSource(context) : await moveThere(context)
    const { outcome, to, pauseMs, tables } = report
    return {
      json: report,
      lines: [
        `${values.required('tenant')}: ${outcome}${outcome === 'undone' ? '' : `, ${to.isolation} on ${to.server}`}${pauseMs > 0 ? `; its writes waited for ${Math.round(pauseMs)} ms` : ''}`,
        ...(outcome === 'switched' ? ['what it has left is kept until "move --confirm"; "move --undo" takes it back'] : [])
      ],
      rows: tables.map(({ table, rows, checksum }) => ({ table, rows, checksum }))
    }
  }
}

async function removeSource ({ values, confirm, withTenancy }: CommandContext): Promise<MoveReport> {
  const id = values.required('tenant')
  await confirm(id, `What ${id} has left at its old place will be removed for good.`)
  return await withTenancy(async (tenancy) => await tenancy.moveConfirm(id))
}

async function moveThere ({ values, progress, withTenancy }: CommandContext): Promise<MoveReport> {
  const id = values.required('tenant')
  const to = { ...given('isolation', values.isolation), ...given('server', values.text('server')), ...given('node', values.text('node')) }
  return await withTenancy(async (tenancy) => {
    if (values.flag('undo')) return await tenancy.moveUndo(id)
    return await tenancy.move(id, {
      ...(Object.keys(to).length === 0 ? {} : { to }),
      onProgress: ({ step, table, rows }) => progress.show({ done: 0, total: 0, what: table === undefined ? step : `${step}: ${table}, ${rows ?? 0} rows` })
    })
  })
}

import { type DeletionProgress, dueTenants } from '../../../operations/lifecycle/index.ts'
import { resolve } from 'node:path'
import { CommandUsageError } from '../../../words/errors/index.ts'
import type { CommandContext, CommandSpec } from '../command.ts'
import type { Outcome } from '../output.ts'
import { count, tenantId, text } from '../readers.ts'
import { ACTOR } from '../tenants.ts'
import { given } from '../values.ts'

const DAY = 86_400_000

/** So many ids are told in the question; who wants to see all of them asks `list`. */
const MOST_TOLD = 20

export const deleteCommand: CommandSpec = {
  name: 'delete',
  description: 'Archive a tenant now and delete it after a time of grace, when this is run again for it or with --due. Its id is never given out again.',
  arguments: [{ usage: '[tenant]', description: 'the tenant id', read: tenantId }],
  options: [
    { flags: '--due', description: 'delete every tenant whose time of grace is over, and archive none', conflicts: ['graceDays', 'force', 'export'] },
    { flags: '--grace-days <n>', description: 'how long it can still be restored (default: 30, or what was said before)', read: count(0, 36_500), conflicts: ['force'] },
    { flags: '--force', description: 'delete at once, whatever was said before' },
    { flags: '--export <file>', description: 'write all its rows into this file before the first of them goes', read: text },
    ACTOR
  ],
  isDestructive: true,
  run: async (context) => {
    const id = context.values.text('tenant')
    if (id === undefined ? !context.values.flag('due') : context.values.flag('due')) throw new CommandUsageError('say which: a tenant, or --due for all whose time has come')
    return id === undefined ? await deleteDue(context) : await deleteOne(context, id)
  }
}

async function deleteOne (context: CommandContext, id: string): Promise<Outcome> {
  const { io, values, confirm, withTenancy } = context
  const [file, days] = [values.text('export'), values.number('graceDays')]
  await confirm(id, values.flag('force') ? `All rows of ${id} will be deleted now, for good.` : `${id} will not be served any more, and will be deleted after its time of grace.`)
  const deletion = await withTenancy(async (tenancy) => await tenancy.deleteTenant(id, {
    ...given('graceMs', days === undefined ? undefined : days * DAY),
    ...(values.flag('force') ? { force: true } : {}),
    ...(file === undefined ? {} : { before: async () => { await tenancy.exportTenant(id, { to: resolve(io.cwd, file) }) } }),
    ...given('actor', values.text('actor')),
    onProgress: teller(context, ({ step }) => step)
  }))
  const line = deletion.status === 'deleted'
    ? `${id} is deleted; the proof of it is ${deletion.proof.digest}`
    : `${id} is archived and may be deleted from ${deletion.deleteAfter.toISOString()} on: run this again then, or "restore" before`
  return { json: deletion, lines: [line] }
}

/** Whoever was restored while somebody thought about the question is left alone. */
async function deleteDue (context: CommandContext): Promise<Outcome> {
  const { config, values, confirm, withTenancy, plainError } = context
  const due = await dueTenants(await config())
  if (due.length > 0) await confirm('due', `All rows of ${told(due)} will be deleted now, for good.`, 'the word due')
  const results = due.length === 0
    ? []
    : await withTenancy(async (tenancy) => await tenancy.deletePending({
      ...given('actor', values.text('actor')),
      onProgress: teller(context, ({ tenantId, step }) => `${tenantId}: ${step}`)
    }))
  const reported = results.map(({ tenantId, proof, error }) => error === undefined ? { tenantId, proof } : { tenantId, error: plainError(error) })
  const failed = results.filter(({ error }) => error !== undefined).length
  return {
    json: { results: reported, failed },
    lines: [`${results.length - failed} deleted, ${failed} failed`],
    rows: reported.map(({ tenantId, proof, error }) => ({
      tenant: tenantId, result: error === undefined ? 'deleted' : 'failed', proof: proof?.digest ?? '', error: [error?.message, ...error?.because ?? []].filter(Boolean).join(' ')
    })),
    isFailed: failed > 0
  }
}

function told (ids: readonly string[]): string {
  return ids.length <= MOST_TOLD ? ids.join(', ') : `${ids.slice(0, MOST_TOLD).join(', ')} and ${ids.length - MOST_TOLD} more tenants`
}

function teller ({ progress }: CommandContext, what: (step: DeletionProgress) => string): (step: DeletionProgress) => void {
  return (step) => progress.show({ done: step.done, total: step.total, what: what(step) })
}

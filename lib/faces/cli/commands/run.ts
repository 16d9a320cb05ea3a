import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CommandScriptError, CommandUsageError } from '../../../words/errors/index.ts'
import type { TenantSql } from '../../../data/client/index.ts'
import type { Tenant } from '../../../words/types.ts'
import type { Tenancy, TenantOutcome } from '../../tenancy/index.ts'
import type { CommandContext, CommandSpec } from '../command.ts'
import type { Outcome } from '../output.ts'
import { count, tenantId, text } from '../readers.ts'

/** What the module of `run` exports as its default. */
type TenantScript = (given: { readonly sql: TenantSql, readonly tenant: Tenant, readonly args: readonly string[] }) => unknown

export const run: CommandSpec = {
  name: 'run',
  description: 'Call the default export of a module, async ({ sql, tenant, args }) => …, as one tenant or as each that is active.',
  arguments: [
    { usage: '<script>', description: 'the module, such as fix.mjs', read: text },
    { usage: '[args...]', description: 'args of the script; those that begin with "-" after "--"' }
  ],
  options: [
    { flags: '--tenant <id>', description: 'as this one', read: tenantId, conflicts: ['all'] },
    { flags: '--all', description: 'as each that is active' },
    { flags: '--concurrency <n>', description: 'how many at once with --all (default: 4)', read: count(1, 1_000) }
  ],
  run: async (context) => {
    const { io, values, withTenancy } = context
    const id = values.text('tenant')
    if (id === undefined && !values.flag('all')) throw new CommandUsageError('say for whom: --tenant <id>, or --all')
    const script = await loadScript(resolve(io.cwd, values.required('script')))
    const results = await withTenancy(async (tenancy) => id === undefined ? await forAll(tenancy, script, context) : [await forOne(tenancy, id, script, context)])
    return outcomeOf(results, context)
  }
}

async function loadScript (path: string): Promise<TenantScript> {
  const module: unknown = await import(pathToFileURL(path).href).catch((cause: unknown) => { throw new CommandScriptError('it cannot be loaded.', { cause }) })
  const script = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  if (!isScript(script)) throw new CommandScriptError('its default export must be a function: export default async ({ sql, tenant, args }) => { … }')
  return script
}

function isScript (value: unknown): value is TenantScript {
  return typeof value === 'function'
}

async function forOne (tenancy: Tenancy, id: string, script: TenantScript, { values }: CommandContext): Promise<TenantOutcome<unknown>> {
  const tenant = await tenancy.registry.get(id)
  const args = values.list('args') ?? []
  return await tenancy.runWithTenant(id, async () => await script({ sql: tenancy.sql, tenant, args }))
    .then((value) => ({ tenantId: id, value: plain(value) }), (error: unknown) => ({ tenantId: id, error: asError(error) }))
}

async function forAll (tenancy: Tenancy, script: TenantScript, { values, progress }: CommandContext): Promise<ReadonlyArray<TenantOutcome<unknown>>> {
  const args = values.list('args') ?? []
  const total = (await tenancy.registry.list()).filter(({ status }) => status === 'active').length
  let done = 0
  const { results } = await tenancy.forEachTenant(async (tenant) => {
    try {
      return plain(await script({ sql: tenancy.sql, tenant, args }))
    } finally {
      progress.show({ done: ++done, total, what: 'tenants' })
    }
  }, { concurrency: values.number('concurrency') ?? 4 })
  return results
}

/** What cannot be printed is an error of the script, and found while it is known whose it was. */
function plain (value: unknown): unknown {
  const json = JSON.stringify(value, (_name, member: unknown) => typeof member === 'bigint' ? String(member) : member)
  return json === undefined ? null : JSON.parse(json)
}

function asError (error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function outcomeOf (results: ReadonlyArray<TenantOutcome<unknown>>, { plainError }: CommandContext): Outcome {
  const told = results.map(({ tenantId, error, value }) => error === undefined ? { tenantId, value } : { tenantId, error: plainError(error) })
  const failed = results.filter(({ error }) => error !== undefined).length
  return {
    json: { results: told, failed },
    lines: [`${results.length - failed} done, ${failed} failed`],
    rows: told.map(({ tenantId, ...result }) => ({ tenant: tenantId, result: 'error' in result ? 'failed' : 'done', value: 'error' in result ? result.error.message : JSON.stringify(result.value) })),
    isFailed: failed > 0
  }
}

import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { activeTenants } from '../../../operations/across/index.ts'
import type { FileFix } from '../../../operations/scan/index.ts'
import { type TenancyConfig, disagreements } from '../../../settings/config/index.ts'
import type { Tenant } from '../../../words/types.ts'
import type { TenantRegistry } from '../../tenancy/index.ts'
import { type CodeRequest, type Proof, Protocol, proveCode, proveConfiguration, proveConnections } from '../../verify/index.ts'
import type { CommandContext, CommandSpec } from '../command.ts'
import { readOptions } from '../configuration.ts'
import { writeNew } from '../files.ts'
import { tenantIds } from '../readers.ts'
import { REPORT_OPTIONS, failOnOf, findingsOutcome, sarifOf } from '../report/index.ts'
import { namesOfTenants, showDiff } from '../verify/fixes.ts'

/** So many tenants are tried where none are named: they are made by the same code. */
const MOST_TENANTS = 10

export const verify: CommandSpec = {
  name: 'verify',
  description: 'Try the three promises of an isolated service: connections are scoped, nothing is hard-coded, and the configuration keeps instances apart. In both modes.',
  arguments: [{ usage: '[folders...]', description: 'code to scan (default: "zakops-tenancy": { "scan": […] } of package.json, else src, lib, app, migrations and their like)' }],
  options: [
    { flags: '--tenant <id...>', description: `as these (default: the first ${MOST_TENANTS} active ones)`, read: tenantIds },
    { flags: '--only <promise>', description: 'one of the three', choices: ['connections', 'code', 'configuration'] },
    { flags: '--fix', description: 'leave schemas out of names in queries, where the tenant\'s own schema has the name' },
    { flags: '--dry-run', description: 'with --fix: show what would change' },
    ...REPORT_OPTIONS
  ],
  worksInSingleMode: true,
  run: async (context) => {
    const { io, values, config, plainError } = context
    const settings = await config()
    const protocol = new Protocol((error) => wordsOf(plainError(error)))
    const diffs: string[] = []
    const wants = (promise: Proof['promise']): boolean => (values.text('only') ?? promise) === promise
    const wanted = values.list('tenant')
    if (wants('configuration')) await proveConfiguration(protocol, settings, disagreements(await readOptions(io, values.text('config')), io.env))
    if (wants('connections')) await proveConnections(protocol, { config: settings, tenants: async (registry) => await tenantsOf(settings, wanted, registry), explain: (error) => wordsOf(plainError(error)) })
    if (wants('code')) await proveCode(protocol, { config: settings, cwd: io.cwd, folders: values.list('folders') ?? [], ...fixing(context, settings, diffs) })
    const report = { command: 'verify', findings: protocol.findings }
    const file = values.text('sarif')
    if (file !== undefined) await writeNew(io, file, sarifOf(report))
    return findingsOutcome(report, {
      failOn: failOnOf(values),
      lines: [...protocol.proofs.map(({ promise, check, state, detail }) => `${state === 'ok' ? 'ok' : state.toUpperCase()}  ${promise}, ${check}: ${detail}`), ...diffs],
      json: { proofs: protocol.proofs, diffs }
    })
  }
}

function fixing ({ io, values }: CommandContext, config: TenancyConfig, diffs: string[]): Pick<CodeRequest, 'tenantNames' | 'fix'> {
  const isDry = values.flag('dryRun')
  return {
    tenantNames: values.flag('fix') || isDry ? async () => await namesOfTenants(config, await activeTenants(config)) : undefined,
    fix: async (fix: FileFix) => {
      diffs.push(await showDiff(fix))
      if (!isDry) await writeFile(resolve(io.cwd, fix.file.path), fix.text)
    }
  }
}

/** Those that are named are found one by one, which the application's role may too. */
async function tenantsOf (config: TenancyConfig, wanted: readonly string[] | undefined, registry: TenantRegistry): Promise<readonly Tenant[]> {
  if (wanted === undefined || config.mode === 'single') return (await activeTenants(config)).slice(0, MOST_TENANTS)
  return await Promise.all(wanted.map(async (id) => await registry.get(id)))
}

function wordsOf ({ message, because = [] }: { readonly message: string, readonly because?: readonly string[] }): string {
  return [message, ...because].join(' ')
}

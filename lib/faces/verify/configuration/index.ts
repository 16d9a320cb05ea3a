import type { Disagreement, TenancyConfig } from '../../../settings/config/index.ts'
import { type Protocol, finding } from '../proof.ts'
import { checkMark, checkTenant } from './instance.ts'
import { checkLogIns } from './log-ins.ts'

/** Tries the third promise: the configuration keeps instances apart. */
export async function proveConfiguration (protocol: Protocol, config: TenancyConfig, different: readonly Disagreement[]): Promise<void> {
  await protocol.prove('configuration', 'sources', async () => ({
    findings: different.map(({ option, variable }) => finding('sources-disagree', option, `${variable} says something else than the configuration file, which is what counts.`, `-- leave ${option} out of the file, or unset ${variable}`))
  }))
  await protocol.prove('configuration', 'log-ins', async () => await checkLogIns(config))
  await protocol.prove('configuration', 'mark', async () => await checkMark(config))
  await protocol.prove('configuration', 'tenant', async () => await checkTenant(config))
}

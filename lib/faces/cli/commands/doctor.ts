import type { CommandSpec } from '../command.ts'
import { isBad } from '../doctor/checkup.ts'
import { examine } from '../doctor/examine.ts'

export const doctor: CommandSpec = {
  name: 'doctor',
  description: 'Check every server: log-ins, the set-up of this version, the rights of the application, a pooler, LISTEN, and the registry.',
  run: async ({ config, plainError, progress }) => {
    const checkups = await examine(await config(), plainError, (server) => progress.show({ done: 0, total: 0, what: `looking at ${server}` }))
    const failed = checkups.filter(isBad).length
    return {
      json: { checkups, failed },
      lines: [failed === 0 ? 'nothing is wrong' : `${failed} checks failed`],
      rows: checkups.map(({ server, check, state, detail }) => ({ server, check, state, detail })),
      isFailed: failed > 0
    }
  }
}

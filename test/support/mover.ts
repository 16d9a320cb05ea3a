import { moveTenant } from '../../lib/operations/moves/index.ts'
import { resolveConfig } from '../../lib/settings/config/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'

// Moves a tenant and kills itself, as the kernel would, when the move tells of the step that it was given.

const [options = '', id = '', request = '', step = '', occurrence = '1'] = process.argv.slice(2)

let seen = 0
await moveTenant(resolveConfig(JSON.parse(options), {}), parseTenantId(id), {
  ...JSON.parse(request),
  onProgress (progress) {
    if (progress.step === step && ++seen === Number(occurrence)) process.kill(process.pid, 'SIGKILL')
  }
})

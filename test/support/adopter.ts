import { type AdoptionOptions, enforceAdoption, stampAdoption, undoWhole } from '../../lib/operations/adoption/index.ts'
import { resolveConfig } from '../../lib/settings/config/index.ts'

// Does one step of an adoption and kills itself, as the kernel would, when it has told of the n-th change.

const [options = '', action = '', plan = '', occurrence = '1'] = process.argv.slice(2)

let seen = 0
const dying: AdoptionOptions = {
  onProgress () {
    if (++seen === Number(occurrence)) process.kill(process.pid, 'SIGKILL')
  }
}
const config = resolveConfig(JSON.parse(options), {})
if (action === 'stamp') await stampAdoption(config, JSON.parse(plan), dying)
if (action === 'enforce') await enforceAdoption(config, 'zakops', dying)
if (action === 'undo') await undoWhole(config, 'zakops', dying)

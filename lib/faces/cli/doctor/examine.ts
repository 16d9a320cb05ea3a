import { createOwnerRegistry } from '../../../data/registry/index.ts'
import type { TenancyConfig } from '../../../settings/config/index.ts'
import { DEFAULT_SERVER } from '../../../words/types.ts'
import { type Checkup, type Patient, isBad, look } from './checkup.ts'
import { checkLogIns } from './log-ins.ts'
import { checkServing } from './serving.ts'
import { checkSigning } from './signing.ts'
import { checkSetUp } from './set-up.ts'

/** Looks at every server of the options, and at the registry. What cannot be looked at because of something before is left out. */
export async function examine (config: TenancyConfig, plainError: Patient['plainError'], onServer: (server: string) => void): Promise<readonly Checkup[]> {
  const checkups: Checkup[] = []
  for (const server of [DEFAULT_SERVER, ...Object.keys(config.servers)]) {
    onServer(server)
    checkups.push(...await examineServer({ config, plainError, place: { server, database: null } }))
  }
  return checkups
}

async function examineServer (patient: Patient): Promise<readonly Checkup[]> {
  const logIns = await checkLogIns(patient)
  const [application, owner] = logIns
  const serves = application !== undefined && !isBad(application)
  const owns = owner !== undefined && owner.state === 'ok'
  return [
    ...logIns,
    ...(serves && !(owner !== undefined && isBad(owner)) ? await checkSetUp(patient) : []),
    ...(serves ? await checkServing(patient) : []),
    ...(owns && patient.place.server === DEFAULT_SERVER ? [await checkPlaces(patient), await checkSigning(patient)] : [])
  ]
}

/** A tenant on a server that the options do not name is served by nobody. */
async function checkPlaces (patient: Patient): Promise<Checkup> {
  const { config } = patient
  return await look(patient, 'places of tenants', async () => {
    const tenants = await createOwnerRegistry(config).list()
    const lost = tenants.filter(({ server, status }) => status !== 'deleted' && server !== DEFAULT_SERVER && !Object.hasOwn(config.servers, server))
    return lost.length === 0
      ? { state: 'ok', detail: `${tenants.length} tenants, on servers that the options name` }
      : { state: 'failed', detail: `${lost.length} tenants are on servers that the options do not name: add them to servers` }
  })
}

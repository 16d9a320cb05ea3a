import { type SigningStatus, readSigningStatus } from '../../../operations/signing/index.ts'
import type { SigningConfig } from '../../../settings/config/index.ts'
import { type Checkup, type Patient, type Verdict, look } from './checkup.ts'

/** What is left of a lifetime when something is signed anew, with something to spare. */
const TOLERATED_AHEAD = 1 / 2

/** Looks whether every database checks what this configuration signs: a clock that is far ahead, or a key that is not known, refuses all of it. */
export async function checkSigning (patient: Patient): Promise<Checkup> {
  const { config } = patient
  return await look(patient, 'signing', async () => {
    const places = await readSigningStatus(config)
    return config.signing === undefined ? withoutKeys(places) : withKeys(places, config.signing)
  })
}

function withoutKeys (places: readonly SigningStatus[]): Verdict {
  return places.some(({ stage }) => stage === 'required')
    ? { state: 'failed', detail: 'the database takes nothing unsigned, and the option signing is not set: every statement is refused' }
    : { state: 'skipped', detail: 'the option signing is not set' }
}

function withKeys (places: readonly SigningStatus[], { current, lifetime }: SigningConfig): Verdict {
  const knows = ({ keys }: SigningStatus): boolean => keys.some(({ id, retiredAt }) => id === current && retiredAt === null)
  if (!places.every(knows)) return { state: 'failed', detail: 'a database does not know the key that signs: run "zakops-tenancy signing add"' }
  const unsigned = places.reduce((count, { unsignedTables }) => count + unsignedTables.length, 0)
  if (unsigned > 0) return { state: 'failed', detail: `${unsigned} tables have policies that do not check signatures: run "zakops-tenancy migrate"` }
  const ahead = Math.max(...places.map(({ clockAheadMs }) => clockAheadMs))
  if (ahead > lifetime * TOLERATED_AHEAD) return { state: 'failed', detail: `the clock of a database is ${ahead} ms ahead, and what is signed is valid for ${lifetime} ms: set the clocks` }
  if (!places.every(({ stage }) => stage === 'required')) return { state: 'warning', detail: 'plain tenant ids are taken too, so SQL can change the tenant: run "zakops-tenancy signing require" when every process signs' }
  return { state: 'ok', detail: `checked in ${places.length} databases, whose clocks are at most ${ahead} ms ahead` }
}

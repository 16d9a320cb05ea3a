import { withOwner, withShortClient } from '../../../data/owner/index.ts'
import { VERSION_SQL } from '../../../data/registry/index.ts'
import { missingControlObjects } from '../../../operations/roles/index.ts'
import { databaseAt } from '../../../settings/config/index.ts'
import { DEFAULT_SERVER } from '../../../words/types.ts'
import { type Checkup, type Patient, type Verdict, look } from './checkup.ts'

/** Looks whether a server was prepared with the `setUpDatabase` of this version, and whether the application can read what it has to. */
export async function checkSetUp (patient: Patient): Promise<readonly Checkup[]> {
  const { config, place } = patient
  const setUp = await look(patient, 'set up', async () => config.ownerDatabase === undefined || databaseAt(config, 'ownerDatabase', place) === undefined
    ? { state: 'skipped', detail: 'only the owner can see it' }
    : await lookAtObjects(patient))
  if (place.server !== DEFAULT_SERVER) return [setUp]
  return [setUp, await look(patient, 'registry version', async () => await readVersion(patient))]
}

async function lookAtObjects ({ config, place }: Patient): Promise<Verdict> {
  const missing = await withOwner(config, missingControlObjects, place)
  if (missing.length === 0) return { state: 'ok', detail: 'with this version' }
  return { state: 'failed', detail: `by an older version, so ${missing.join(', ')} is missing: run "zakops-tenancy init --yes"` }
}

async function readVersion ({ config }: Patient): Promise<Verdict> {
  return await withShortClient(config.database, { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy doctor' }, async (sql) => {
    const rows = await sql.unsafe(VERSION_SQL)
    return rows.length === 1 ? { state: 'ok', detail: 'the application can read it' } : { state: 'failed', detail: 'its row is missing: run "zakops-tenancy init --yes"' }
  })
}

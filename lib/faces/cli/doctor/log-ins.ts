import { DATABASE_ROLES, type DatabaseRole, databaseAt } from '../../../settings/config/index.ts'
import { withShortClient } from '../../../data/owner/index.ts'
import { type Checkup, type Patient, look } from './checkup.ts'

/** The words for the four that log in. */
const WHO: Readonly<Record<DatabaseRole, string>> = { database: 'application', ownerDatabase: 'owner', adminDatabase: 'administrator', operatorDatabase: 'operator' }

/** Logs in at a server as each of the four that the options name. */
export async function checkLogIns (patient: Patient): Promise<readonly Checkup[]> {
  const checkups: Checkup[] = []
  for (const role of DATABASE_ROLES) checkups.push(await look(patient, `log in as ${WHO[role]}`, async () => await logIn(patient, role)))
  return checkups
}

async function logIn ({ config, place }: Patient, role: DatabaseRole): Promise<Pick<Checkup, 'state' | 'detail'>> {
  const database = databaseAt(config, role, place)
  if (database === undefined) return { state: 'skipped', detail: `the option ${role} is not set` }
  return await withShortClient(database, { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy doctor' }, async (sql) => {
    const [row] = await sql`select current_user::text as role, pg_catalog.current_setting('server_version') as version`
    return { state: 'ok', detail: `${String(row?.['role'])}, PostgreSQL ${String(row?.['version'])}` }
  })
}

import { createHmac, randomBytes } from 'node:crypto'
import { setUpDatabase } from 'zakops-tenancy'
import { startDatabase } from 'zakops-tenancy/testing'

/** One database, as two roles. */
export interface Databases {
  /** As the role that serves requests and owns nothing. */
  readonly database: string
  /** As the role that owns the schemas. */
  readonly ownerDatabase: string
}

/**
 * Returns the databases of the example: those of the environment, else of a PostgreSQL that is started here.
 *
 * With OWNER_DATABASE_URL everything is taken as it is. With DATABASE_URL alone, that one is an administrator's, and the
 * two roles are made with it. `onStarted` is given what stops a server of our own.
 */
export async function openDatabases (env: NodeJS.ProcessEnv, onStarted: (stop: () => Promise<void>) => void): Promise<Databases> {
  const { DATABASE_URL: given, OWNER_DATABASE_URL: ownerDatabase } = env
  if (given && ownerDatabase) return { database: given, ownerDatabase }
  if (given) return await makeRoles(given)
  const server = await startDatabase()
  onStarted(server.stop)
  return await makeRoles(server.url)
}

/** Prepares a database with an administrator's URL: the two roles, and what the package needs. */
export async function makeRoles (adminDatabase: string): Promise<Databases> {
  // zakops-tenancy-ignore connection-string: it shows how to write one
  if (!URL.canParse(adminDatabase)) throw new Error('DATABASE_URL must be a URL such as postgres://user:password@host:5432/database.')
  const owner = roleOf(adminDatabase, 'zakops_owner')
  const app = roleOf(adminDatabase, 'zakops_app')
  await setUpDatabase({ adminDatabase, owner, app })
  return { database: urlAs(adminDatabase, app), ownerDatabase: urlAs(adminDatabase, owner) }
}

interface Role {
  readonly name: string
  readonly password: string
}

/** The same password at every start, so that a second process does not lock the first one out. */
function roleOf (adminDatabase: string, name: string): Role {
  const key = URL.canParse(adminDatabase) ? new URL(adminDatabase).password : ''
  return { name, password: createHmac('sha256', key || randomBytes(32)).update(name).digest('base64url') }
}

function urlAs (adminDatabase: string, role: Role): string {
  const url = new URL(adminDatabase)
  url.username = role.name
  url.password = role.password
  return url.href
}

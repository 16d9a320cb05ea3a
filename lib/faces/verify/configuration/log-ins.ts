import { DATABASE_ROLES, type DatabaseOption, type DatabaseRole, type TenancyConfig } from '../../../settings/config/index.ts'
import { type Verdict, finding } from '../proof.ts'

interface LogIn {
  readonly user: string
  /** Host, port and database. */
  readonly place: string
}

/** Looks whether each log-in has a role of its own, in the same database. */
export async function checkLogIns (config: TenancyConfig): Promise<Verdict> {
  const app = logInOf(config.database)
  const others = DATABASE_ROLES.filter((role) => role !== 'database').flatMap((role) => {
    const database = config[role]
    return database === undefined ? [] : [{ role, ...logInOf(database) }]
  })
  const same = others.filter(({ user }) => user === app.user)
  const elsewhere = others.filter(({ role, place }) => role !== 'adminDatabase' && place !== app.place)
  const findings = [
    ...same.map(({ role }) => finding('same-role', role, `"${role}" logs in as the role that serves requests, which must own nothing and see one tenant.`, repairOf(role))),
    ...elsewhere.map(({ role }) => finding('other-database', role, `"${role}" leads to another host or database than "database": what is made there is served from elsewhere.`, '-- give both the same host, port and database'))
  ]
  return findings.length > 0 ? { findings } : { ok: `${others.length + 1} log-ins, none with the role of the application` }
}

function repairOf (role: DatabaseRole): string {
  return role === 'ownerDatabase' ? '-- give OWNER_DATABASE_URL the role that setUpDatabase() was given as owner' : '-- give each log-in a role of its own'
}

function logInOf (database: DatabaseOption): LogIn {
  if (typeof database === 'string') {
    const { username, hostname, port, pathname } = new URL(database)
    return { user: decodeURIComponent(username), place: `${hostname}:${port === '' ? '5432' : port}${pathname}` }
  }
  return { user: String(database.user ?? database.username), place: `${String(database.host ?? database.hostname ?? 'localhost')}:${String(database.port ?? 5432)}/${String(database.database ?? database.db)}` }
}

import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { type TenancyOptions, setUpDatabase } from 'zakops-tenancy'
import { startDatabase } from 'zakops-tenancy/testing'

/** The database that everything is measured on, as three roles. */
export interface BenchmarkDatabase {
  readonly admin: string
  readonly owner: string
  readonly app: string
  /** Whether its processes run on this machine, so that their memory can be read. */
  readonly isOwn: boolean
  /** The keys of the tenant context, where it is signed. */
  readonly signing?: NonNullable<TenancyOptions['signing']>
}

/**
 * Makes a database and two roles of its own: on a PostgreSQL that is started here, or on the server of `given`, an
 * administrator's URL. `onOpen` is given what stops the server that was started, or drops what was made on another.
 */
export async function openDatabase (given: string | undefined, onOpen: (close: () => Promise<void>) => void): Promise<BenchmarkDatabase> {
  if (given !== undefined && !URL.canParse(given)) throw new Error('DATABASE_URL must be a URL such as postgres://user:password@host:5432/database.')
  const server = given === undefined ? await startDatabase() : { url: given, stop: async () => {} }
  const name = `zakops_bench_${randomBytes(4).toString('hex')}`
  const roles = { owner: `${name}_owner`, app: `${name}_app` }
  const password = randomBytes(16).toString('hex')
  const admin = urlOf(server.url, { database: name })
  onOpen(async () => {
    // What was started here goes as a whole.
    if (given !== undefined) await drop(given, name, Object.values(roles))
    await server.stop()
  })
  await withConnection(server.url, async (sql) => { await sql`create database ${sql(name)}` })
  await setUpDatabase({ adminDatabase: admin, owner: { name: roles.owner, password }, app: { name: roles.app, password } })
  return {
    admin,
    owner: urlOf(admin, { username: roles.owner, password }),
    app: urlOf(admin, { username: roles.app, password }),
    isOwn: given === undefined
  }
}

/** What other databases are called, behind the name of the first. */
const SUFFIXES = ['_second', '_signed'] as const

/** Makes another database beside the first, for the same roles; it goes with the first. */
export async function openBeside (database: BenchmarkDatabase, suffix: typeof SUFFIXES[number], signing?: NonNullable<TenancyOptions['signing']>): Promise<BenchmarkDatabase> {
  const name = `${new URL(database.admin).pathname.slice(1)}${suffix}`
  const signed = signing === undefined ? {} : { signing }
  const [admin, owner, app] = [database.admin, database.owner, database.app].map((url) => urlOf(url, { database: name }))
  if (admin === undefined || owner === undefined || app === undefined) throw new Error('There are three roles.')
  await withConnection(database.admin, async (sql) => { await sql`create database ${sql(name)}` })
  await setUpDatabase({ adminDatabase: admin, owner: { name: new URL(owner).username }, app: { name: new URL(app).username }, ...signed })
  return { admin, owner, app, isOwn: database.isOwn, ...signed }
}

async function drop (url: string, database: string, roles: readonly string[]): Promise<void> {
  await withConnection(url, async (sql) => {
    for (const name of [database, ...SUFFIXES.map((suffix) => `${database}${suffix}`)]) await sql`drop database if exists ${sql(name)} with (force)`
    for (const role of roles) await sql`drop role if exists ${sql(role)}`
  })
}

/** Runs `fn` with one connection that is closed afterwards. */
export async function withConnection<T> (url: string, fn: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await fn(sql)
  } finally {
    await sql.end()
  }
}

function urlOf (base: string, { database, ...rest }: { database?: string, username?: string, password?: string }): string {
  const url = Object.assign(new URL(base), rest)
  if (database !== undefined) url.pathname = database
  return url.href
}

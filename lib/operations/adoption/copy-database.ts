import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import postgres from 'postgres'
import { AdoptionRefusedError } from '../../words/errors/index.ts'
import { quoteIdentifier } from '../../words/names.ts'
import { DEFAULT_SERVER } from '../../words/types.ts'
import { type DatabaseOption, type TenancyConfig, databaseAt } from '../../settings/config/index.ts'
import { withShortClient } from '../../data/owner/index.ts'
import { adopterDatabase, databaseNameOf } from './connection.ts'

/** A template must have nobody connected. */
const IN_USE = '55006'

/**
 * Runs `fn` with settings that lead to a copy of the live database on the same server, and drops it afterwards, with the roles that
 * were made for it.
 *
 * The server copies it by itself where nobody is connected; else `pg_dump` and `psql` do, which have to be in one of the usual folders.
 *
 * @throws {AdoptionRefusedError} FST_TENANCY_ADOPTION_REFUSED — neither is possible.
 */
export async function withCopy<T> (config: TenancyConfig, fn: (copy: TenancyConfig) => Promise<T>): Promise<T> {
  const live = databaseNameOf(adopterDatabase(config)) ?? ''
  const name = `${live.slice(0, 40)}_rehearsal_${randomBytes(4).toString('hex')}`
  const maintenance = at(config, 'adminDatabase', 'postgres') ?? at(config, 'ownerDatabase', 'postgres')
  if (maintenance === undefined) throw new AdoptionRefusedError('a copy needs the option adminDatabase.')
  const client = { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy rehearse' }
  const onServer = async (statement: string): Promise<unknown> => await withShortClient(maintenance, client, async (sql) => await sql.unsafe(statement))
  try {
    await onServer(`create database ${quoteIdentifier(name)} template ${quoteIdentifier(live)}`).catch(async (error: unknown) => {
      if (!(error instanceof postgres.PostgresError) || error.code !== IN_USE) throw error
      await onServer(`create database ${quoteIdentifier(name)} template template0`)
      await pour(adopterDatabase(config), at(config, 'adminDatabase', name))
    })
    return await fn({ ...config, ...loginsAt(config, name) })
  } finally {
    const found = await withShortClient(maintenance, client, async (sql) => [...await sql`select oid::text as oid from pg_catalog.pg_database where datname = ${name}`])
    await onServer(`drop database if exists ${quoteIdentifier(name)} with (force)`)
    for (const { oid } of found) await onServer(`drop role if exists ${quoteIdentifier(`zakops_tenancy_bridge_${String(oid)}`)}`)
  }
}

/** The log-ins of the settings, at another database. */
function loginsAt (config: TenancyConfig, name: string): Pick<TenancyConfig, 'database'> & Partial<TenancyConfig> {
  const [ownerDatabase, adminDatabase] = [at(config, 'ownerDatabase', name), at(config, 'adminDatabase', name)]
  return {
    database: at(config, 'database', name) ?? config.database,
    ...(ownerDatabase === undefined ? {} : { ownerDatabase }),
    ...(adminDatabase === undefined ? {} : { adminDatabase })
  }
}

function at (config: TenancyConfig, role: 'database' | 'ownerDatabase' | 'adminDatabase', database: string): DatabaseOption | undefined {
  return databaseAt(config, role, { server: DEFAULT_SERVER, database })
}

/** Copies with PostgreSQL's own programs. Passwords are in their environment, where other users of the machine do not see them. */
async function pour (from: DatabaseOption, to: DatabaseOption | undefined): Promise<void> {
  if (typeof from !== 'string' || typeof to !== 'string') throw new AdoptionRefusedError('somebody is connected, and a copy with pg_dump needs the option adminDatabase as a URL.')
  const dump = spawn('pg_dump', [], { env: environmentOf(from), stdio: ['ignore', 'pipe', 'pipe'] })
  const restore = spawn('psql', ['--quiet', '--no-psqlrc', '--set', 'ON_ERROR_STOP=1', '--output', '/dev/null'], { env: environmentOf(to), stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  for (const { stderr } of [dump, restore]) stderr.on('data', (text: Buffer) => { said = (said + text.toString()).slice(-2_000) })
  const ended = Promise.all([dump, restore].map(async (child) => (await once(child, 'close'))[0]))
  const cause = await Promise.all([pipeline(dump.stdout, restore.stdin), ended]).then(([, codes]) => codes.every((code) => code === 0) ? undefined : new Error(said), (error: unknown) => error)
  if (cause !== undefined) throw new AdoptionRefusedError('somebody is connected, and pg_dump and psql could not copy the database: install those of the server\'s version, or rehearse on a copy of your own with --on.', { cause })
}

function environmentOf (text: string): NodeJS.ProcessEnv {
  const url = new URL(text)
  return {
    // Not the PATH of whoever runs this: what is started gets the passwords.
    PATH: '/usr/lib/postgresql/bin:/usr/local/bin:/usr/bin:/bin',
    PGHOST: url.hostname,
    PGPORT: url.port === '' ? '5432' : url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    ...(url.searchParams.has('sslmode') ? { PGSSLMODE: url.searchParams.get('sslmode') ?? '' } : {})
  }
}

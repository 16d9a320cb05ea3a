// What `npm start` runs: a database, two tenants with rows, and the server.
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createTenancy } from 'zakops-tenancy'
import { signToken } from 'zakops-tenancy/testing'
import { buildServer } from './app.ts'
import { type Databases, openDatabases } from './databases.ts'
import { seedTenant } from './seed.ts'

const { env } = process
const isSingle = env['TENANT_MODE'] === 'single'
const secret = env['JWT_SECRET'] || randomBytes(32).toString('base64url')
const migrations = join(dirname(createRequire(import.meta.url).resolve('zakops-tenancy/package.json')), 'examples/server/migrations')
// The plugin's own default is `single`; this example is about two tenants, unless the environment says otherwise.
const mode = env['TENANT_MODE'] ? {} : { mode: 'multi' as const }
const tenants = isSingle ? [env['TENANT_ID'] || 'default'] : ['acme', 'globex']

/** For the seeding: what there is to warn about, the server says again a moment later. */
const quiet = { info () {}, warn () {}, error: (details: object, message: string) => console.error(message, details) }

/** What is open, each to be closed before the one in front of it. */
const open: Array<() => Promise<unknown>> = []
let isEnding = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { end(0) })
start().catch((error: unknown) => {
  if (!isEnding) console.error(explain(error))
  end(1)
})

async function start (): Promise<void> {
  const databases = await openDatabases(env, (stop) => open.push(stop))
  await seed(databases)
  const app = await buildServer({ ...mode, database: databases.database, ...(isSingle ? {} : { jwt: { secret } }) })
  open.push(() => app.close())
  const address = await app.listen({ port: Number(env['PORT'] || 3000), host: env['HOST'] || '127.0.0.1' })
  console.log(`zakops-tenancy example on ${address} (${isSingle ? 'single' : 'multi'} mode). Ctrl-C ends it. Try:\n`)
  for (const tenant of tenants) console.log(`curl -s ${authorization(tenant)}${address}/deals`)
  // Of a database of somebody else's no password is shown.
  if (!env['DATABASE_URL']) console.log(`\nIts isolation is tried by:\n\n${verification(databases)}`)
}

/** The command line that tries the isolation of this example. */
function verification ({ database, ownerDatabase }: Databases): string {
  const variables = { TENANT_MODE: isSingle ? 'single' : 'multi', ...(isSingle ? { TENANT_ID: tenants[0] } : {}), DATABASE_URL: database, OWNER_DATABASE_URL: ownerDatabase }
  return `${Object.entries(variables).map(([name, value]) => `${name}=${value}`).join(' ')} npx zakops-tenancy verify`
}

/** As the owner; the server itself does without that role. */
async function seed (databases: Databases): Promise<void> {
  const tenancy = await createTenancy({ ...mode, ...databases, migrations, log: quiet })
  open.push(() => tenancy.close())
  for (const tenant of tenants) await seedTenant(tenancy, tenant)
  await tenancy.close()
}

function authorization (tenant: string): string {
  if (isSingle) return ''
  const path = (env['TENANT_CLAIM'] || 'tenant_id').split('.')
  const claims = path.reduceRight<object | string>((value, name) => ({ [name]: value }), tenant)
  return `-H 'authorization: Bearer ${signToken({ sub: 'curl', ...Object(claims) }, { secret, expiresIn: 8 * 3600 })}' `
}

/** Closes what is open, last first. A signal may come twice: from the terminal and from npm. */
async function end (code: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  setTimeout(() => process.exit(1), 20_000).unref()
  for (const close of open.reverse()) await close().catch((error: unknown) => console.error(explain(error)))
  process.exit(code)
}

function explain (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE') return `Port ${env['PORT'] || 3000} is taken: set PORT to another one.`
  const code = 'code' in error ? `${String(error.code)}: ` : ''
  return `${code}${error.message}${error.cause === undefined ? '' : `\n  ${explain(error.cause)}`}`
}

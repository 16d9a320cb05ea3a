// A PostgreSQL as the suite expects it (roles, log-in methods, TLS, port 5432, a Unix socket) and a tenant in it whose schema
// the application's role may make tables in.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'

/** What the suite calls its database and its role, and the port that it writes into its URLs. */
export const NAME = 'postgres_js_test'
const SUITE_PORT = 5432
const TENANT = 'suite'
const SCHEMA = 'tenant_suite'

let admin

/** Starts everything; returns the tenant's id, the owner's URL and how to end it. `library` is this package, built. */
export async function openStage (library) {
  const { setUpDatabase, createTenancy } = await import(library.index)
  const { startDatabase } = await import(library.testing)
  const server = await startDatabase()
  const serverUrl = new URL(server.url)
  admin = postgres(server.url, { max: 2, onnotice: () => {} })
  await admin.unsafe(`create database ${NAME}`)
  await admin.end()
  const database = Object.assign(new URL(serverUrl), { pathname: `/${NAME}` }).href
  admin = postgres(database, { max: 2, onnotice: () => {} })
  const owner = { name: 'suite_owner', password: randomBytes(12).toString('hex') }
  for (const app of await makeRoles()) await setUpDatabase({ adminDatabase: database, owner, app })
  await switchTlsOn()
  const ownerDatabase = Object.assign(new URL(database), { username: owner.name, password: owner.password }).href
  redirectPort(Number(serverUrl.port))
  const tenancy = await createTenancy({ mode: 'multi', isolation: 'schema', database: `postgres://${NAME}@localhost:${SUITE_PORT}/${NAME}`, ownerDatabase, log: silent })
  await tenancy.provision({ id: TENANT })
  await tenancy.close()
  await admin.unsafe(`grant create, usage on schema ${SCHEMA} to ${NAME}; grant usage on schema ${SCHEMA} to ${NAME}_md5, ${NAME}_scram`)
  const socket = await listenOnUnixSocket(Number(serverUrl.port))
  return {
    tenant: TENANT,
    close: async () => {
      socket.close()
      await admin.end({ timeout: 1 })
      await server.stop()
    }
  }
}

export const silent = { info () {}, warn () {}, error () {} }

/** Sends one statement, or several, as the superuser; used by the suite's `exec`. */
export async function sendAsAdmin (text) {
  await admin.unsafe(text).simple()
}

/** Takes away what the last test has left behind, and whoever still holds on to it. */
export async function cleanStage () {
  await admin.unsafe(`select pg_terminate_backend(pid, 1000) from pg_stat_activity where usename like '${NAME}%' and xact_start is not null`)
  await admin.unsafe(`
    do $$ declare r record; begin
      for r in select relname from pg_class where relnamespace = '${SCHEMA}'::regnamespace and relkind in ('r', 'p') loop
        execute format('drop table ${SCHEMA}.%I cascade', r.relname);
      end loop;
    end $$`)
  for (const { gid } of await admin`select gid from pg_prepared_xacts`) await admin.unsafe(`rollback prepared '${gid}'`)
}

async function makeRoles () {
  const hba = `local all all trust\nhost all ${NAME} all trust\nhost all all all md5`
  await admin.unsafe(`copy (select unnest(string_to_array('${hba}', E'\\n'))) to program 'cat > pg_hba.conf'`)
  await admin.unsafe(`create role ${NAME} login; create role ${NAME}_scram login`).simple()
  await admin.unsafe(`set password_encryption = md5; create role ${NAME}_md5 login password '${NAME}_md5'; reset password_encryption`).simple()
  await admin.unsafe('select pg_reload_conf()')
  return [{ name: NAME, password: NAME }, { name: `${NAME}_md5` }, { name: `${NAME}_scram`, password: `${NAME}_scram` }]
}

async function switchTlsOn () {
  for (const name of ['server.crt', 'server.key']) {
    const text = readFileSync(new URL(`../support/tls/${name}`, import.meta.url)).toString('base64')
    await admin.unsafe(`copy (select '${text}') to program 'umask 077; base64 -d > ${name}'`)
  }
  await admin.unsafe('alter system set ssl = on')
  await admin.unsafe('select pg_reload_conf()')
}

/** Whoever connects to the suite's port gets the server's: that of this machine may be taken. */
function redirectPort (port) {
  const { connect } = net.Socket.prototype
  net.Socket.prototype.connect = function (...args) {
    const options = Array.isArray(args[0]) ? args[0][0] : args[0]
    if (options === SUITE_PORT) args[0] = port
    else if (Number(options?.port) === SUITE_PORT) options.port = port
    return connect.apply(this, args)
  }
}

/** The server has none, so one that hands on. The suite asks PGSOCKET for its folder. */
async function listenOnUnixSocket (port) {
  const folder = mkdtempSync(join(tmpdir(), 'driver-suite-'))
  const proxy = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.pipe(upstream).pipe(client)
  })
  proxy.listen(join(folder, `.s.PGSQL.${SUITE_PORT}`)).unref()
  await once(proxy, 'listening')
  process.env.PGSOCKET = folder
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return proxy
}

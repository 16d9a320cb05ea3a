import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import t from 'tap'
import { startDatabase } from '../../lib/faces/testing/index.ts'
import { testLanes } from '../support/lanes.ts'

const CERTIFICATE = fixture('server.crt')

function fixture (name: string): string {
  return readFileSync(new URL(`../support/tls/${name}`, import.meta.url), 'utf8')
}

/** Gives the server its certificate, by its own hand so that the key is the server's file, and switches TLS on. */
async function switchTlsOn (url: string): Promise<void> {
  const admin = postgres(url, { max: 1 })
  for (const name of ['server.crt', 'server.key']) {
    const text = Buffer.from(fixture(name)).toString('base64')
    await admin.unsafe(`copy (select '${text}') to program 'umask 077; base64 -d > ${name}'`)
  }
  await admin`alter system set ssl = on`
  await admin`select pg_reload_conf()`
  await admin.end()
  await sleep(300)
}

t.test('a connection over TLS', async (t) => {
  const { url, stop } = await startDatabase()
  t.teardown(stop)
  await switchTlsOn(url)
  const { username, password, port } = new URL(url)
  const options = { host: 'localhost', port: Number(port), user: username, password, database: 'postgres' }
  const isEncrypted = async (t: Parameters<typeof testLanes>[0], ssl: boolean | 'require' | 'prefer' | 'allow' | 'verify-full' | object): Promise<unknown> => {
    const { lanes } = testLanes(t, { ...options, ssl })
    return await lanes.withLane('acme', async (lane) => (await lane.send((client) => client`select ssl from pg_stat_ssl where pid = pg_backend_pid()`))[0]?.['ssl'])
  }

  t.test('is encrypted as the option ssl says', async (t) => {
    for (const ssl of ['require', 'prefer', 'allow', { ca: CERTIFICATE }, { rejectUnauthorized: false }] as const) t.equal(await isEncrypted(t, ssl), true)
    t.equal(await isEncrypted(t, false), false)
  })

  t.test('is refused when the certificate cannot be verified', async (t) => {
    for (const ssl of ['verify-full', true, { ca: CERTIFICATE, servername: 'elsewhere.example' }] as const) {
      await t.rejects(isEncrypted(t, ssl), { code: 'FST_TENANCY_DATABASE_UNREACHABLE' })
    }
  })

  t.test('may be lost, idle or not, without ending the process', async (t) => {
    const { lanes } = testLanes(t, { ...options, ssl: 'require' }, { max: 2 })
    const admin = postgres(url, { max: 1 })
    t.teardown(() => admin.end())
    const busy = t.rejects(lanes.withLane('acme', async (lane) => {
      await lane.send((client) => client`select 1`)
      return await lane.send((client) => client`select pg_sleep(10)`)
    }), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    await sleep(100)
    await lanes.withLane('acme', (lane) => lane.send((client) => client`select 1`))
    await admin`select pg_terminate_backend(pid, 2000) from pg_stat_ssl where ssl`
    await busy
    t.equal((await lanes.withLane('globex', (lane) => lane.send((client) => client`select 1`))).count, 1)
  })

  t.test('may be closed while it is being cleaned', async (t) => {
    const { lanes } = testLanes(t, { ...options, ssl: 'require' })
    await lanes.withLane('acme', (lane) => lane.send((client) => client`select 1`))
    await lanes.close(0)
    t.match(lanes.stats, { held: 0 })
  })

  t.test('is asked for in vain where the server has none', async (t) => {
    const plain = await startDatabase()
    t.teardown(plain.stop)
    const at = { ...options, port: Number(new URL(plain.url).port), password: new URL(plain.url).password }
    const connect = async (ssl: 'require' | 'prefer'): Promise<unknown> => {
      const { lanes } = testLanes(t, { ...at, ssl })
      return (await lanes.withLane('acme', (lane) => lane.send((client) => client`select 1`))).count
    }
    await t.rejects(connect('require'), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', cause: { message: /does not offer TLS/ } })
    t.equal(await connect('prefer'), 1)
  })
})

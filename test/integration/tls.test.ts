import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import t from 'tap'
import { startDatabase } from '../../lib/faces/testing/index.ts'
import { settingsFor, testLanes } from '../support/lanes.ts'
import { certificateFile, ownServer } from '../support/own-server.ts'

const CERTIFICATE = certificateFile('server.crt')

const PUBLIC = { ...settingsFor('acme', 'pg_catalog'), searchPath: 'pg_catalog, pg_temp' }

t.test('a connection over TLS', async (t) => {
  const { url, switchTlsOn } = await ownServer(t)
  await switchTlsOn()
  const { username, password, port } = new URL(url)
  const options = { host: 'localhost', port: Number(port), user: username, password, database: 'postgres' }
  const isEncrypted = async (t: Parameters<typeof testLanes>[0], ssl: boolean | 'require' | 'prefer' | 'allow' | 'verify-full' | object, more: object = {}): Promise<unknown> => {
    const { run } = await testLanes(t, { ...options, ...more, ssl })
    return (await run(PUBLIC, 'select ssl from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid()'))[0]?.['ssl']
  }

  t.test('is encrypted as the option ssl says', async (t) => {
    for (const ssl of ['require', 'prefer', 'allow', { ca: CERTIFICATE }, { rejectUnauthorized: false }] as const) t.equal(await isEncrypted(t, ssl), true)
    t.equal(await isEncrypted(t, false), false)
  })

  t.test('is refused when the certificate cannot be verified', async (t) => {
    for (const ssl of ['verify-full', true, { ca: CERTIFICATE, servername: 'elsewhere.example' }] as const) {
      await t.rejects(isEncrypted(t, ssl), { message: /certificate|altnames/ })
    }
  })

  t.test('is encrypted from its first byte on where that is asked for, and the certificate is verified as ever', async (t) => {
    const admin = postgres(url, { max: 1 })
    const version = Number((await admin`show server_version_num`)[0]?.['server_version_num'])
    await admin.end()
    const direct = { sslnegotiation: 'direct' }
    for (const ssl of ['require', { ca: CERTIFICATE }] as const) {
      // Older servers do not know it.
      if (version < 170_000) await t.rejects(isEncrypted(t, ssl, direct))
      else t.equal(await isEncrypted(t, ssl, direct), true)
    }
    await t.rejects(isEncrypted(t, 'verify-full', direct), { message: /certificate/ })
  })

  t.test('carries a cancel too, which is encrypted as the rest is', async (t) => {
    const { run, lanes, dialect, query } = await testLanes(t, { ...options, ssl: 'require' })
    const slow = query('select pg_sleep(5)')
    lanes.run({ frame: dialect.frameOf(PUBLIC), query: slow, isAlone: false, isOurs: false })
    setTimeout(() => lanes.cancel(slow), 150)
    await t.rejects(Promise.prototype.then.call(slow), { code: '57014' })
    t.equal((await run(PUBLIC, 'select 1')).length, 1)
  })

  t.test('may be lost, idle or not, without ending the process', async (t) => {
    const { run } = await testLanes(t, { ...options, ssl: 'require' }, { max: 2 })
    const admin = postgres(url, { max: 1 })
    t.teardown(() => admin.end())
    await run(PUBLIC, 'select 1')
    const busy = t.rejects(run(PUBLIC, 'select pg_sleep(10)'), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    await sleep(100)
    await admin`select pg_terminate_backend(pid, 2000) from pg_stat_ssl where ssl`
    await busy
    t.equal((await run(PUBLIC, 'select 1')).length, 1)
  })

  t.test('may be closed while it is being cleaned', async (t) => {
    const { lanes, dialect } = await testLanes(t, { ...options, ssl: 'require' })
    const session = await lanes.openSession(dialect.frameOf(PUBLIC), false)
    session.release()
    await lanes.close(0)
    t.match(lanes.stats, { held: 0 })
  })

  t.test('is asked for in vain where the server has none', async (t) => {
    const plain = await startDatabase()
    t.teardown(plain.stop)
    const at = { ...options, port: Number(new URL(plain.url).port), password: new URL(plain.url).password }
    const connect = async (ssl: 'require' | 'prefer'): Promise<unknown> => {
      const { run } = await testLanes(t, { ...at, ssl })
      return (await run(PUBLIC, 'select 1')).length
    }
    await t.rejects(connect('require'), { message: /does not offer TLS/ })
    t.equal(await connect('prefer'), 1)
  })
})

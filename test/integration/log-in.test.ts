import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import t from 'tap'
import { settingsFor, testLanes } from '../support/lanes.ts'
import { ownServer } from '../support/own-server.ts'
import { testTenancy } from '../support/tenancy.ts'

const PUBLIC = { ...settingsFor('acme', 'pg_catalog'), searchPath: 'pg_catalog, pg_temp' }
const PASSWORD = 'a pass word: ö'

/** Listens with `serve`, on a free port or at a path, and stops when `t` ends. */
async function listening (t: { teardown (fn: () => unknown): void }, serve: (socket: Socket) => void, path?: string): Promise<Server> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>((resolve) => { path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return server
}

function portOf (address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test('a connection', async (t) => {
  const { port, url, allow } = await ownServer(t)
  const admin = postgres(url, { max: 1 })
  t.teardown(() => admin.end())
  const ways = { trust: 'trust', cleartext: 'password', md5: 'md5', scram: 'scram-sha-256' }
  for (const way of Object.keys(ways)) {
    await admin.unsafe(`set password_encryption = '${way === 'md5' ? 'md5' : 'scram-sha-256'}'; create role by_${way} login password '${PASSWORD}'`)
  }
  await allow(Object.entries(ways).map(([way, method]) => `host all by_${way} all ${method}`))
  const as = (user: string, password: string | (() => Promise<string>)) => ({ host: '127.0.0.1', port, user, password, database: 'postgres' })
  const who = async (t: Parameters<typeof testLanes>[0], database: Parameters<typeof testLanes>[1]): Promise<unknown> => {
    const { run } = await testLanes(t, database)
    return (await run(PUBLIC, 'select current_user::text as user'))[0]?.['user']
  }

  for (const way of Object.keys(ways)) {
    t.test(`logs in by ${way}, with a password or a function that returns it`, async (t) => {
      t.equal(await who(t, as(`by_${way}`, PASSWORD)), `by_${way}`)
      t.equal(await who(t, as(`by_${way}`, async () => PASSWORD)), `by_${way}`)
      if (way !== 'trust') await t.rejects(who(t, as(`by_${way}`, 'another one')), { code: '28P01' })
    })
  }

  t.test('whose password cannot be fetched is an error, and does not end the process', async (t) => {
    for (const way of ['cleartext', 'md5', 'scram']) {
      await t.rejects(testLanes(t, as(`by_${way}`, async () => { throw new Error('no token today') }), { timeouts: { connect: 2_000 } }), { message: /password could not be fetched/, cause: { message: 'no token today' } }, way)
      await t.rejects(testLanes(t, as(`by_${way}`, () => { throw new Error('no token today') }), { timeouts: { connect: 2_000 } }), { message: /password could not be fetched/, cause: { message: 'no token today' } }, way)
      for (const nothing of [undefined, 7, null]) await t.rejects(testLanes(t, Object.assign(as(`by_${way}`, PASSWORD), { password: () => nothing })), { message: /password is no text/ }, way)
    }
  })

  t.test('whose password comes when the time is up does not end the process (D-09)', async (t) => {
    for (const way of ['cleartext', 'md5', 'scram']) {
      await t.rejects(testLanes(t, as(`by_${way}`, async () => await sleep(1_500, PASSWORD)), { timeouts: { connect: 1_000 } }))
    }
    await sleep(1_000)
    t.equal(await who(t, as('by_scram', PASSWORD)), 'by_scram')
  })

  t.test('asks for the password at each log-in, so that it may change', async (t) => {
    let asked = 0
    const { run } = await testLanes(t, as('by_scram', async () => { asked++; return PASSWORD }))
    await run(PUBLIC, 'select 1')
    const before = asked
    await admin`select pg_terminate_backend(pid, 2000) from pg_stat_activity where usename = 'by_scram'`
    await sleep(50)
    t.equal((await run(PUBLIC, 'select 1')).length, 1)
    t.equal(asked, before + 1)
  })

  t.test('goes over a Unix socket, cancels included', async (t) => {
    // Not in the folder of the tests: the path of a socket is short.
    const folder = mkdtempSync(join(tmpdir(), 'zakops-socket-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    await listening(t, (client) => {
      const server = createConnection(port, '127.0.0.1').on('error', () => {})
      client.pipe(server).pipe(client)
    }, join(folder, `.s.PGSQL.${port}`))
    const options = { ...as('by_scram', PASSWORD), host: folder }
    t.equal(await who(t, options), 'by_scram')
    const { run, lanes, dialect, query } = await testLanes(t, options)
    const slow = query('select pg_sleep(5)')
    lanes.run({ frame: dialect.frameOf(PUBLIC), query: slow, isAlone: false, isOurs: false })
    setTimeout(() => lanes.cancel(slow), 150)
    await t.rejects(Promise.prototype.then.call(slow), { code: '57014' })
    t.equal((await run(PUBLIC, 'select 1')).length, 1)
  })
})

t.test('a server that closes a connection instead of answering', async (t) => {
  t.test('is an error at once, and is not tried again and again', async (t) => {
    let tries = 0
    const server = await listening(t, (socket) => {
      tries++
      socket.once('data', () => socket.end())
    })
    await t.rejects(testLanes(t, `postgres://nobody@127.0.0.1:${portOf(server.address())}/nothing`, { timeouts: { connect: 2_000 } }))
    await sleep(200)
    t.equal(tries, 1)
  })
})

t.test('a role whose sessions read literals by other rules', async (t) => {
  t.test('is not served, because texts would be taken apart wrongly', async (t) => {
    const { appUrl, admin } = await testTenancy(t)
    await admin.unsafe(`alter role ${new URL(appUrl).username} set standard_conforming_strings = off`)
    const started = performance.now()
    await t.rejects(testLanes(t, appUrl), { message: /standard_conforming_strings/ })
    t.ok(performance.now() - started < 1_000, 'at once')
  })
})

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createTenancy, setUpDatabase, type Tenancy, type TenancyOptions } from '../../lib/index.ts'
import { startDatabase } from '../../lib/faces/testing/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { plainClient } from '../support/tenancy.ts'

const MIGRATION = 'create table docs (id int not null, tenant_id text not null default nullif(current_setting(\'app.tenant_id\', true), \'\'), body text not null, primary key (tenant_id, id));'

const silent = { info () {}, warn () {}, error () {} }

type TestScope = Parameters<typeof testDatabase>[0] & { testdir (files: Record<string, string>): string }

/** A second server, with the roles of the first one. */
async function secondServer (t: TestScope, home: TestDatabase): Promise<{ readonly database: string, readonly ownerDatabase: string, readonly adminDatabase: string }> {
  const server = await startDatabase()
  t.teardown(() => server.stop())
  const as = (url: string): string => {
    const there = new URL(server.url)
    const { username, password } = new URL(url)
    return Object.assign(there, { username, password }).href
  }
  const role = (url: string) => ({ name: new URL(url).username, password: new URL(url).password })
  await setUpDatabase({ adminDatabase: server.url, owner: role(home.ownerUrl), app: role(home.appUrl) })
  return { database: as(home.appUrl), ownerDatabase: as(home.ownerUrl), adminDatabase: server.url }
}

async function fleet (t: TestScope, options: TenancyOptions = {}): Promise<{ readonly home: TestDatabase, readonly tenancy: Tenancy, readonly options: TenancyOptions, readonly otherUrl: string }> {
  const home = await testDatabase(t)
  const other = await secondServer(t, home)
  const all: TenancyOptions = {
    mode: 'multi',
    database: home.appUrl,
    ownerDatabase: home.ownerUrl,
    adminDatabase: home.adminUrl,
    servers: { other },
    databasePrefix: `t${Math.random().toString(36).slice(2, 7)}_`,
    migrations: t.testdir({ '001-docs.sql': MIGRATION }),
    log: silent,
    ...options
  }
  const tenancy = await createTenancy(all)
  t.teardown(async () => {
    const databases = await home.admin<{ datname: string }[]>`select datname from pg_database where datname like ${`${all.databasePrefix}%`}`
    await tenancy.close()
    for (const { datname } of databases) await home.admin.unsafe(`drop database "${datname}" with (force)`)
  })
  return { home, tenancy, options: all, otherUrl: other.adminDatabase }
}

const MIXED = [
  ['here-both', 'schema+rls', 'default'], ['here-schema', 'schema', 'default'], ['here-rls', 'rls', 'default'], ['here-own', 'database', 'default'],
  ['there-both', 'schema+rls', 'other'], ['there-schema', 'schema', 'other'], ['there-rls', 'rls', 'other'], ['there-own', 'database', 'other']
] as const

t.test('tenants of every strategy on two servers', async (t) => {
  const { tenancy, home, otherUrl } = await fleet(t)
  const { sql } = tenancy
  for (const [id, isolation, server] of MIXED) {
    t.match(await tenancy.provision({ id, isolation, server }), { id, isolation, server, status: 'active', migration: '001-docs.sql' })
    await tenancy.runWithTenant(id, () => sql`insert into docs (id, body) values (1, ${`secret of ${id}`})`)
  }

  t.test('each see their own row of a key that all have, at the same time', async (t) => {
    const answers = await Promise.all(Array.from({ length: 160 }, async (_, index) => {
      const [id] = MIXED[index % MIXED.length] ?? MIXED[0]
      const [row] = await tenancy.runWithTenant(id, () => sql`select body from docs where id = 1`)
      return row?.['body'] === `secret of ${id}`
    }))
    t.ok(answers.every(Boolean))
    for (const [id] of MIXED) t.equal((await tenancy.runWithTenant(id, () => sql`select 1 from docs`)).length, 1)
  })

  t.test('have transactions, reservations, cursors and channels, whatever their place', async (t) => {
    for (const [id] of MIXED) {
      await tenancy.runWithTenant(id, async () => {
        await t.rejects(sql.begin(async (tx) => {
          await tx`insert into docs (id, body) values (2, 'not kept')`
          throw new Error('no')
        }), { message: 'no' })
        await sql.begin(async (tx) => { await tx`update docs set body = body || '!'` })
        t.same([...await sql`select id, body from docs`], [{ id: 1, body: `secret of ${id}!` }])
        const reserved = await sql.reserve()
        t.equal((await reserved`select 1 from docs`).length, 1)
        reserved.release()
        const heard = new Promise<string>((resolve, reject) => { sql.listen('news', resolve).then(() => sql.notify('news', id)).catch(reject) })
        t.equal(await heard, id)
      })
    }
  })

  t.test('are where the registry says, and nowhere else', async (t) => {
    const there = plainClient(t, otherUrl)
    const schemas = (rows: readonly { nspname?: string }[]): unknown[] => rows.map(({ nspname }) => nspname)
    t.same(schemas(await there`select nspname from pg_namespace where nspname like 'tenant%' order by 1`), ['tenant_there-both', 'tenant_there-schema'])
    t.same(schemas(await home.admin`select nspname from pg_namespace where nspname like 'tenant%' order by 1`), ['tenant_here-both', 'tenant_here-schema'])
    t.same((await there`select tenant_id from shared.docs`).map((row) => row['tenant_id']), ['there-rls'])
  })

  t.test('cannot see each other by another path, where policies are the second line', async (t) => {
    await tenancy.provision({ id: 'there-too', isolation: 'schema+rls', server: 'other' })
    await tenancy.runWithTenant('there-too', async () => {
      t.same([...await sql`select * from "tenant_there-both".docs`], [])
      await t.rejects(sql`select * from "tenant_here-both".docs`, { code: '42P01' })
    })
  })

  t.test('are provisioned again without harm', async (t) => {
    for (const [id, isolation] of MIXED) {
      await tenancy.provision({ id, isolation })
      t.equal((await tenancy.runWithTenant(id, () => sql`select 1 from docs`)).length, 1)
    }
  })
})

t.test('a tenant\'s own database', async (t) => {
  const { tenancy, home, options } = await fleet(t, { timeouts: { idle: 1_500 }, lanes: { max: 3, total: 4 } })
  const { sql } = tenancy
  await tenancy.provision({ id: 'acme', isolation: 'database', server: 'default' })
  await tenancy.provision({ id: 'globex', isolation: 'database', server: 'default' })
  const nameOf = (id: string): string => `${options.databasePrefix}${id}`
  const untilOpen = async (places: number): Promise<void> => {
    for (let tries = 0; tries < 300 && (await tenancy.stats()).places.open !== places; tries++) await sleep(100)
    if ((await tenancy.stats()).places.open !== places) throw new Error(`there are not ${places} places open`)
  }
  const read = (id: string): Promise<number> => tenancy.runWithTenant(id, async () => (await sql`select 1 from docs`).count)

  t.test('is opened when it is needed, once for all who come together, and closed when nobody uses it', async (t) => {
    t.match((await tenancy.stats()).places, { open: 1 })
    await Promise.all(Array.from({ length: 20 }, () => read('acme')))
    t.match((await tenancy.stats()).places, { open: 2 })
    let release = (): void => {}
    const released = new Promise<void>((resolve) => { release = resolve })
    const held = tenancy.runWithTenant('acme', () => sql.begin(async (tx) => {
      await tx`select 1`
      await released
      return [...await tx`select 'held' as is`]
    }))
    await read('globex')
    await untilOpen(2)
    await sleep(2_000)
    t.match((await tenancy.stats()).places, { open: 2 }, 'globex is closed, and what is held is not')
    release()
    t.same(await held, [{ is: 'held' }])
    await untilOpen(1)
    t.equal(await read('acme'), 0)
  })

  t.test('shares one budget of connections with all others', async (t) => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) await tenancy.provision({ id, isolation: 'database', server: 'default' })
    const ids = ['a', 'b', 'c', 'd', 'e', 'acme', 'globex']
    let peak = 0
    const watch = setInterval(() => { tenancy.stats().then(({ places }) => { peak = Math.max(peak, places.connections) }).catch(() => {}) }, 5)
    await Promise.all(Array.from({ length: 140 }, (_, index) => read(ids[index % ids.length] ?? 'a')))
    clearInterval(watch)
    t.ok(peak <= 4, `${peak} connections`)
    t.ok(peak >= 3, `${peak} connections`)
    const [count] = await home.admin`select count(*)::int as n from pg_stat_activity where usename = ${new URL(home.appUrl).username}`
    t.ok(Number(count?.['n']) <= 5, `${count?.['n']} on the server, with the one that listens for changes of the registry`)
  })

  t.test('is refused when it is another\'s under its name', async (t) => {
    await tenancy.provision({ id: 'swapped', isolation: 'database', server: 'default' })
    await tenancy.runWithTenant('swapped', () => sql`insert into docs (id, body) values (7, 'of swapped')`)
    await tenancy.close()
    const [mine, theirs] = [nameOf('globex'), nameOf('swapped')]
    await home.admin.unsafe(`alter database "${mine}" rename to "${mine}x"`)
    await home.admin.unsafe(`alter database "${theirs}" rename to "${mine}"`)
    const again = await createTenancy(options)
    t.teardown(() => again.close())
    await t.rejects(again.runWithTenant('globex', () => again.sql`select * from docs`), { code: 'FST_TENANCY_PLACE_WRONG' })
    await t.rejects(again.runWithTenant('globex', () => again.sql.begin((tx) => tx`select * from docs`)), { code: 'FST_TENANCY_PLACE_WRONG' })
    await home.admin.unsafe(`alter database "${mine}" rename to "${theirs}"`)
    await home.admin.unsafe(`alter database "${mine}x" rename to "${mine}"`)
    t.equal(await again.runWithTenant('globex', async () => (await again.sql`select * from docs`).count), 0)
  })
})

t.test('placement', async (t) => {
  const { tenancy, options } = await fleet(t, { weight: 1 })
  const { other } = options.servers ?? {}
  if (other === undefined) throw new Error('there is no other server')

  t.test('follows the weights of the servers', async (t) => {
    const weighted = await createTenancy({ ...options, servers: { other: { ...other, weight: 2, tags: ['eu'] } } })
    t.teardown(() => weighted.close())
    const servers: string[] = []
    for (let n = 0; n < 6; n++) servers.push((await weighted.provision({ id: `t${n}` })).server)
    t.same(servers.filter((server) => server === 'other').length, 4)
    t.equal((await weighted.provision({ id: 'tagged', server: { tag: 'eu' } })).server, 'other')
    t.match(await weighted.provision({ id: 'tagged', server: { tag: 'eu' }, name: 'Tagged' }), { server: 'other', name: 'Tagged' })
    t.match(await weighted.provision({ id: 'tagged', server: 'other' }), { server: 'other', name: 'Tagged' })
    for (const server of ['default', { tag: 'us' }]) {
      await t.rejects(weighted.provision({ id: 'tagged', server, name: 'Elsewhere' }), { code: 'FST_TENANCY_TENANT_EXISTS' }, 'a tenant is moved by a move alone')
    }
    t.match(await weighted.registry.get('tagged'), { server: 'other', name: 'Tagged' })
    await t.rejects(weighted.provision({ id: 'nowhere', server: { tag: 'us' } }), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    await t.rejects(weighted.registry.get('nowhere'), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
  })

  t.test('refuses a tenant whose server the process does not know', async (t) => {
    const { servers: _, ...without } = options
    const lonely = await createTenancy(without)
    t.teardown(() => lonely.close())
    const there = (await tenancy.registry.list()).find(({ server }) => server === 'other')
    await t.rejects(lonely.runWithTenant(there?.id ?? '', () => lonely.sql`select 1`), { code: 'FST_TENANCY_SERVER_UNKNOWN', statusCode: 503 })
  })

  t.test('refuses a server that another deployment uses', async (t) => {
    const rival = await testDatabase(t)
    await rival.admin.unsafe(`grant connect on database ${String((await rival.admin`select current_database() as d`)[0]?.['d'])} to public`)
    const theirs = await createTenancy({ ...options, database: rival.appUrl, ownerDatabase: rival.ownerUrl, adminDatabase: rival.adminUrl })
    t.teardown(() => theirs.close())
    await t.rejects(theirs.provision({ id: 't0', server: 'other' }), { code: 'FST_TENANCY_PROVISION_FAILED', cause: { message: /belongs to another deployment/ } })
  })
})

import t from 'tap'
import { type Tenancy, type TenancyOptions, createTenancy, setUpDatabase } from '../../lib/index.ts'
import { startDatabase } from '../../lib/faces/testing/index.ts'
import { testDatabase } from '../support/database.ts'
import { SECRET, SIGNING } from '../support/signing.ts'
import { plainClient } from '../support/tenancy.ts'

const MIGRATION = 'create table docs (id int not null, tenant_id text not null, body text not null, primary key (tenant_id, id));'

const TENANTS = [['here', 'schema+rls', 'default'], ['here-too', 'rls', 'default'], ['here-own', 'database', 'default'], ['there', 'schema+rls', 'other'], ['there-too', 'rls', 'other'], ['there-own', 'database', 'other']] as const

const silent = { info () {}, warn () {}, error () {} }

t.test('a signed tenant context on two servers, and in databases of tenants\' own', async (t) => {
  const home = await testDatabase(t, { signing: SIGNING })
  const server = await startDatabase()
  t.teardown(() => server.stop())
  const role = (url: string) => ({ name: new URL(url).username, password: new URL(url).password })
  const roles = { owner: role(home.ownerUrl), app: role(home.appUrl) }
  await setUpDatabase({ adminDatabase: server.url, ...roles })
  const urlAs = (url: string, { name: username, password }: { readonly name: string, readonly password: string }): string => Object.assign(new URL(url), { username, password }).href
  const options = {
    mode: 'multi',
    database: home.appUrl,
    ownerDatabase: home.ownerUrl,
    adminDatabase: home.adminUrl,
    servers: { other: { database: urlAs(server.url, roles.app), ownerDatabase: urlAs(server.url, roles.owner), adminDatabase: server.url } },
    databasePrefix: `s${Math.random().toString(36).slice(2, 7)}_`,
    migrations: t.testdir({ '001-docs.sql': MIGRATION }),
    signing: SIGNING,
    log: silent
  } satisfies TenancyOptions
  const open = async (more: TenancyOptions = {}): Promise<Tenancy> => {
    const opened = await createTenancy({ ...options, ...more })
    t.teardown(() => opened.close())
    return opened
  }
  const tenancy = await open()
  t.teardown(async () => {
    await tenancy.close()
    await home.admin.unsafe(`drop database if exists "${options.databasePrefix}here-own" with (force)`)
  })
  for (const [id, isolation, place] of TENANTS) {
    await tenancy.provision({ id, isolation, server: place })
    await tenancy.runWithTenant(id, async () => await tenancy.sql`insert into docs (id, body) values (1, ${`secret of ${id}`})`)
  }
  const read = async (id: string, from = tenancy) => (await from.runWithTenant(id, async () => await from.sql`select body from docs`)).map((row) => row['body'])
  const everybody = async (from = tenancy) => await Promise.all(TENANTS.map(async ([id]) => await read(id, from)))
  const own = TENANTS.map(([id]) => [`secret of ${id}`])
  /** Each database, as the application's role reaches it. */
  const places: ReadonlyArray<readonly [url: string, id: string]> = [
    [home.appUrl, 'here-too'], [urlAs(server.url, roles.app), 'there-too'],
    ...([[home.appUrl, 'here-own'], [urlAs(server.url, roles.app), 'there-own']] as const).map(([url, id]) => [Object.assign(new URL(url), { pathname: `/${options.databasePrefix}${id}` }).href, id] as const)
  ]

  await t.test('is checked in each of them, and plain ids are nobody\'s', async (t) => {
    t.same(await everybody(), own)
    t.same((await tenancy.signing.status()).map(({ stage, keys, unsignedTables }) => [stage, keys.map(({ id }) => id), unsignedTables]), Array.from({ length: 4 }, () => ['required', ['k1'], []]))
    for (const [url, id] of places) {
      const app = plainClient(t, url)
      // Where one tenant has the database for itself no policy asks.
      const asks = id.endsWith('own') ? 'select zakops_tenancy.current_tenant()' : 'select body from shared.docs'
      await t.rejects(app.begin(async (tx) => {
        await tx`select set_config('app.tenant_id', ${id}, true)`
        await tx.unsafe(asks)
      }), { code: 'ZTSIG', message: /not signed/ }, id)
      await t.rejects(app`select * from zakops_tenancy.signing_keys`, { code: '42501' }, id)
    }
  })

  await t.test('changes its key in all of them, and a place that comes later knows the new one alone', async (t) => {
    const both = { keys: { k1: SECRET, k2: `${SECRET}2` }, current: 'k2' }
    const adding = await open({ signing: { ...both, current: 'k1' } })
    t.same(await adding.signing.add(), ['k2'])
    const rolled = await open({ signing: both })
    t.same([await everybody(), await everybody(rolled)], [own, own])
    await rolled.signing.retire('k1')
    t.same(await everybody(rolled), own)
    for (const [id] of TENANTS.filter(([, isolation]) => isolation !== 'database')) await t.rejects(read(id), { code: 'FST_TENANCY_SIGNING_REFUSED' }, id)
    await rolled.provision({ id: 'later-own', isolation: 'database', server: 'other' })
    await rolled.runWithTenant('later-own', async () => await rolled.sql`insert into docs (id, body) values (1, 'secret of later-own')`)
    t.same(await read('later-own', rolled), ['secret of later-own'])
    await t.rejects(tenancy.runWithTenant('later-own', async () => await tenancy.sql`insert into docs (id, body) values (2, 'x')`), { code: 'FST_TENANCY_SIGNING_REFUSED' })

    await t.test('and drift holds every policy against one that checks', async (t) => {
      t.match(await rolled.drift(), { differences: [] })
      for (const [url, schema] of [[home.adminUrl, 'shared'], [home.adminUrl, 'tenant_here'], [server.url, 'shared'], [server.url, 'tenant_there']] as const) {
        const plain = "tenant_id = (select nullif(current_setting('app.tenant_id', true), ''))"
        const admin = plainClient(t, url)
        await admin.unsafe(`alter policy tenancy_isolation on "${schema}".docs using (${plain}) with check (${plain})`)
        const { differences: [difference, ...more] } = await rolled.drift()
        t.match(difference, { object: 'policy docs.tenancy_isolation', kind: 'different', repair: /current_tenant/ }, `${schema} ${new URL(url).pathname}`)
        t.same(more, [])
        await admin.unsafe(difference?.repair ?? '')
        t.match(await rolled.drift(), { differences: [] })
      }
      t.same(await everybody(rolled), own)
    })
  })
})

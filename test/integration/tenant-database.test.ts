import postgres from 'postgres'
import t from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { createTenantDatabase } from '../../lib/faces/testing/index.ts'
import { MIGRATIONS } from '../support/leak-apps/resources.ts'
import { testServer } from '../support/database.ts'

t.test('a database of tenants', async (t) => {
  const server = await testServer()
  const database = await createTenantDatabase({ server, migrations: MIGRATIONS })
  const pair = await database.createTenantPair()
  const tenancy = await createTenancy(database.options)
  t.teardown(() => tenancy.close())

  t.test('has pairs of tenants that nobody else has, ready to be used', async (t) => {
    const other = await database.createTenantPair()
    t.equal(new Set([pair.a.id, pair.b.id, other.a.id, other.b.id]).size, 4)
    await tenancy.runWithTenant(pair.a.id, async () => await tenancy.sql`insert into deals (title) values ('of a')`)
    t.same(await tenancy.runWithTenant(pair.a.id, async () => await tenancy.sql`select title from deals`), [{ title: 'of a' }])
    t.same(await tenancy.runWithTenant(pair.b.id, async () => await tenancy.sql`select title from deals`), [])
  })

  t.test('gives tokens with the claim, and others', async (t) => {
    t.equal(pair.a.headers['authorization'], `Bearer ${pair.a.token}`)
    const claims = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    t.match(claims(pair.a.token), { tenant_id: pair.a.id, exp: Number })
    t.match(claims(database.tenant('hooli', { role: 'ADMIN' }).token), { tenant_id: 'hooli', role: 'ADMIN' })
  })

  t.test('is gone without a trace when it is closed, and its copies with it', async (t) => {
    const own = await createTenantDatabase({ server, migrations: MIGRATIONS, isolation: 'rls' })
    const copy = await own.clone()
    const there = await createTenancy(copy.options)
    const { a } = await copy.createTenantPair()
    await there.runWithTenant(a.id, async () => await there.sql`insert into deals (title) values ('of a')`)
    await there.close()
    await own.close()
    const sql = postgres(server, { max: 1 })
    t.teardown(() => sql.end())
    const name = new URL(own.adminUrl).pathname.slice(1)
    t.same(await sql`select datname from pg_database where datname like ${`${name}%`}`, [])
    t.same(await sql`select rolname from pg_roles where rolname like ${`%${name.replace('kit_', '')}`}`, [])
  })
  await t.test('closes', async () => { await tenancy.close(); await database.close() })
})

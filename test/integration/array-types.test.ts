import t from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { testTenancy } from '../support/tenancy.ts'

t.test('arrays of types that were made after the start, in the schemas of tenants (p1, p2)', async (t) => {
  const { sql, as, admin } = await testTenancy(t)
  const make = async (tenant: string, labels: string, values: string): Promise<void> => {
    await admin.unsafe(`
      create type tenant_${tenant}.stage as enum (${labels}); create table tenant_${tenant}.tagged (id int, stage tenant_${tenant}.stage, stages tenant_${tenant}.stage[]);
      insert into tenant_${tenant}.tagged values (1, ${values}); grant usage on type tenant_${tenant}.stage to public; grant all on tenant_${tenant}.tagged to public`)
  }
  await as('acme', () => sql`select 1`)
  await make('acme', "'open', 'won'", "'won', '{open,won}'")
  await make('globex', "'new', 'lost'", "'new', '{lost}'")

  t.test('come back as arrays, for whoever is first and all at once', async (t) => {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => as(index % 2 === 0 ? 'acme' : 'globex', () => sql`select stage, stages from tagged`)))
    for (const [index, rows] of answers.entries()) {
      t.same(rows, index % 2 === 0 ? [{ stage: 'won', stages: ['open', 'won'] }] : [{ stage: 'new', stages: ['lost'] }])
    }
  })

  t.test('are taken as parameters', async (t) => {
    await as('acme', () => sql`insert into tagged (id, stages) values (2, ${['won', 'won']})`)
    await as('globex', () => sql.begin((tx) => tx`insert into tagged (id, stages) values (2, ${['new']})`))
    t.same(await as('acme', () => sql`select stages from tagged where ${'won'} = any(stages) order by id`), [{ stages: ['open', 'won'] }, { stages: ['won', 'won'] }])
    t.same(await as('globex', () => sql`select stages from tagged where stages = ${['new']}`), [{ stages: ['new'] }])
  })

  t.test('come back as arrays from a cursor, in a transaction, and with values()', async (t) => {
    await admin.unsafe("create type tenant_acme.mood as enum ('sad', 'glad'); create table tenant_acme.moods (moods tenant_acme.mood[]); insert into tenant_acme.moods values ('{sad,glad}'), ('{}'); grant select on tenant_acme.moods to public")
    await as('acme', () => sql.begin(async (tx) => {
      for await (const rows of tx`select moods from moods`.cursor(1)) t.ok(Array.isArray(rows[0]?.['moods']))
    }))
    t.same(await as('acme', () => sql`select moods from moods`.values()), [[['sad', 'glad']], [[]]])
  })

  t.test('come back as arrays at once when a migration adds such a column under a statement that is prepared', async (t) => {
    const read = async (): Promise<readonly unknown[]> => await as('acme', () => sql`select * from docs where id = ${1}`)
    for (let i = 0; i < 3; i++) await read()
    await admin.unsafe("create type tenant_acme.shade as enum ('dark', 'light'); alter table tenant_acme.docs add column shades tenant_acme.shade[] default '{dark,light}'")
    t.match(await read(), [{ id: 1, shades: ['dark', 'light'] }])
    t.same(await as('globex', () => sql`select * from docs where id = ${1}`), [{ tenant_id: 'globex', id: 1, body: 'secret of globex' }])
  })
})

t.test('nobody waits for types behind those that wait for them', async (t) => {
  const { admin, appUrl } = await testTenancy(t)
  const open = async (max: number): ReturnType<typeof createTenancy> => {
    const tenancy = await createTenancy({ mode: 'multi', database: appUrl, lanes: { max }, timeouts: { acquire: 6_000, transaction: 10_000 }, log: { info () {}, warn () {}, error () {} } })
    t.teardown(() => tenancy.close())
    // After the start, at which every type that is there is known.
    for (const tenant of ['acme', 'globex']) {
      await admin.unsafe(`
        create type tenant_${tenant}.kind_${max} as enum ('open', '${tenant}'); create table tenant_${tenant}.tagged_${max} (kinds tenant_${tenant}.kind_${max}[]);
        insert into tenant_${tenant}.tagged_${max} values ('{open,${tenant}}'); grant select on tenant_${tenant}.tagged_${max} to public`)
      await tenancy.runWithTenant(tenant, () => tenancy.sql`select 1`)
    }
    return tenancy
  }

  t.test('when every turn is taken by statements with types that are not known yet', async (t) => {
    const { sql, runWithTenant } = await open(2)
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => runWithTenant(index % 2 === 0 ? 'acme' : 'globex', () => sql`select kinds from tagged_2`)))
    for (const [index, rows] of answers.entries()) t.same(rows, [{ kinds: ['open', index % 2 === 0 ? 'acme' : 'globex'] }])
  })

  t.test('when a transaction has the only connection: they are texts there', async (t) => {
    const { sql, runWithTenant } = await open(1)
    const since = performance.now()
    t.same(await runWithTenant('acme', () => sql.begin((tx) => tx`select kinds from tagged_1`)), [{ kinds: '{open,acme}' }])
    t.ok(performance.now() - since < 5_000)
    t.same(await runWithTenant('acme', () => sql`select kinds as found from tagged_1`), [{ found: ['open', 'acme'] }])
  })
})

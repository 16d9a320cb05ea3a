import t from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { Signer } from '../../lib/data/signing/index.ts'
import { resolveConfig } from '../../lib/settings/config/index.ts'
import { addSigningKeys, setSigningStage } from '../../lib/operations/signing/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { SECRET, SIGNING } from '../support/signing.ts'
import { everyWay, seenEveryWay } from '../support/every-way.ts'
import { type TestTenancy, plainClient, testTenancy } from '../support/tenancy.ts'

const quiet = { info () {}, warn () {}, error () {} }
const bodies = (rows: Iterable<unknown>): unknown[] => [...rows].map((row) => Object(row).body)

/** What a process with this secret sends for a tenant. */
async function tokenOf ({ admin }: TestTenancy, tenantId: string, { secret = SECRET, lifetime = 60_000, key = 'k1' } = {}): Promise<string> {
  const [place] = await admin`select deployment::text as deployment from zakops_tenancy.place`
  const signer = new Signer({ keys: new Map([[key, secret]]), current: key, lifetime })
  signer.bind(String(place?.['deployment']))
  return signer.sign(parseTenantId(tenantId)).value
}

t.test('a signed tenant context', async (t) => {
  const test = await testTenancy(t, { isolation: 'rls', signing: SIGNING })
  const { sql, as, admin, appUrl } = test
  const app = plainClient(t, appUrl)
  const ask = async (value: string): Promise<unknown> => await app.begin(async (tx) => {
    await tx`select set_config('app.tenant_id', ${value}, true)`
    const [row] = await tx`select zakops_tenancy.current_tenant() as tenant, (select string_agg(body, ',') from shared.docs) as seen`
    return [row?.['tenant'], row?.['seen']]
  })
  const isRefused = (reason: RegExp) => ({ code: 'ZTSIG', message: reason })

  t.test('shows each tenant its own rows, in statements, transactions, texts and streams', async (t) => {
    for (const id of ['acme', 'globex']) {
      await as(id, async () => {
        t.same(await seenEveryWay(sql), everyWay(`secret of ${id}`))
        t.same(bodies(await sql.unsafe('select body from docs').simple()), [`secret of ${id}`])
        t.equal((await sql`insert into docs (id, body) values (2, 'new') returning tenant_id`)[0]?.['tenant_id'], id, 'the default of a migration that reads the setting is mended')
      })
    }
    await admin`delete from shared.docs where id = 2`
  })

  t.test('goes on behind a text that fails, in a transaction and outside of one', async (t) => {
    await as('acme', async () => {
      await t.rejects(sql`select 1; select 1 / 0`.simple(), { code: '22012' })
      await t.rejects(sql`select from nowhere`.simple(), { code: '42P01' })
      await t.rejects(sql.begin(async (tx) => {
        await tx`select 1 / 0`.catch(() => {})
        await tx`select 1`.simple()
      }), { code: '22012' })
      await sql.begin(async (tx) => {
        await tx.savepoint(async (inner) => {
          await inner`select 1 / 0`.catch(() => {})
          await t.rejects(inner`select 1`.simple(), { code: '25P02' }, 'the server skips the text, and is told to go on')
        }).catch(() => {})
        t.same(bodies(await tx`select body from docs`.simple()), ['secret of acme'])
      })
      t.same(bodies(await sql`select body from docs`), ['secret of acme'])
    })
  })

  t.test('is nobody without a value, and the signed tenant with a good one', async (t) => {
    t.same(await ask(''), [null, null])
    t.same(await ask(await tokenOf(test, 'globex')), ['globex', 'secret of globex'])
  })

  t.test('refuses what is not signed, forged, cut or changed', async (t) => {
    const token = await tokenOf(test, 'acme')
    const other = await tokenOf(test, 'globex')
    const wrong: ReadonlyArray<readonly [string, RegExp]> = [
      ['globex', /not signed/],
      [token.replace('acme', 'globex'), /not signed with its key/],
      [token.slice(0, -1), /refused/],
      [`${token.slice(0, -64)}${other.slice(-64)}`, /not signed with its key/],
      [token.toUpperCase(), /refused/],
      [`${token.slice(0, -64)}${token.slice(-64).toUpperCase()}`, /not signed with its key/],
      [`${token.slice(0, -65)}.globex${token.slice(-65)}`, /not signed with its key/],
      [token.replace(/[0-9]{10}/, '9999999999'), /not signed with its key/],
      [await tokenOf(test, 'acme', { secret: `${SECRET}x` }), /not signed with its key/],
      [await tokenOf(test, 'acme', { key: 'k2' }), /key is not known/],
      [await tokenOf(test, 'acme', { lifetime: -5_000 }), /expired/],
      ['.', /refused/], ['v1....', /refused/], ['%', /not signed/], [' ', /not signed/], ['v1.k1.soon.acme.x', /refused/], [`v1.k1.9999999999.globex.${'0'.repeat(64)}`, /not signed with its key/]
    ]
    for (const [value, reason] of wrong) await t.rejects(ask(value), isRefused(reason), value.slice(0, 40))
  })

  t.test('takes what stands between text and MAC for no part of the tenant', async (t) => {
    const token = await tokenOf(test, 'acme')
    t.same(await ask(`${token.slice(0, -65)}x${token.slice(-64)}`), ['acme', 'secret of acme'])
  })

  t.test('shows the application no key, and lets it change nothing', async (t) => {
    for (const text of ['select * from zakops_tenancy.signing_keys', "select zakops_tenancy.unsigned_tenant('globex')", "update zakops_tenancy.signing set stage = 'off'", 'delete from zakops_tenancy.signing']) {
      await t.rejects(app.unsafe(text), { code: '42501' }, text)
    }
  })

  t.test('is valid in a transaction until its end, and not in the next one', async (t) => {
    const token = await tokenOf(test, 'acme', { lifetime: 1_500 })
    await app.begin(async (tx) => {
      await tx`select set_config('app.tenant_id', ${token}, true)`
      await tx`select pg_sleep(3)`
      t.same(bodies(await tx`select body from shared.docs`), ['secret of acme'])
    })
    await t.rejects(ask(token), isRefused(/expired/))
  })

  t.test('is the same to parallel workers, generic plans and prepared statements', async (t) => {
    await admin`insert into shared.docs select 'acme', g, 'many' from generate_series(100, 20000) g`
    await admin.unsafe('analyze shared.docs; alter table shared.docs set (parallel_workers = 2)')
    const tokens = { acme: await tokenOf(test, 'acme'), globex: await tokenOf(test, 'globex') }
    const plans: string[] = []
    for (const id of ['acme', 'globex', 'acme', 'globex'] as const) {
      await app.begin(async (tx) => {
        await tx.unsafe('set local min_parallel_table_scan_size = 0; set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0; set local plan_cache_mode = force_generic_plan; set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off')
        await tx`select set_config('app.tenant_id', ${tokens[id]}, true)`
        const [row] = await tx`select count(*)::int as count, min(tenant_id) as least, max(tenant_id) as most from shared.docs where length(body) > 0`
        t.same(row, { count: id === 'acme' ? 19_902 : 1, least: id, most: id })
        plans.push(...(await tx`explain (analyze, costs off) select count(*) from shared.docs where length(body) > 0`).map((line) => String(line['QUERY PLAN'])))
      })
    }
    t.ok(plans.some((line) => /Workers Launched: [12]/.test(line)), 'workers took part')
    t.ok(plans.some((line) => line.includes('InitPlan')), 'it is checked once for a statement')
    await admin`delete from shared.docs where id >= 100`
  })

  t.test('stands in no text that another session can look at (G-06)', async (t) => {
    const slow = as('globex', async () => await sql`select pg_sleep(1); select body from docs`.simple())
    const seen: string[] = []
    for (let i = 0; i < 8; i++) {
      seen.push(...(await as('acme', async () => await sql`select coalesce(query, '') as query from pg_stat_activity where usename = current_user`)).map((row) => String(row['query'])))
      await new Promise((resolve) => { setTimeout(resolve, 100) })
    }
    await slow
    t.ok(seen.some((query) => query.includes('pg_sleep(1)')), 'the text itself is seen')
    t.notOk(seen.some((query) => query.includes('.globex.')), 'what is signed for globex is not')
  })
})

t.test('signing anew', async (t) => {
  t.test('happens before the old one expires, for transactions that go on too', async (t) => {
    const test = await testTenancy(t, { isolation: 'rls', signing: { ...SIGNING, lifetime: 10_000 } })
    const seen = new Set<unknown>()
    await test.as('acme', async () => await test.sql.begin(async (tx) => {
      for (let i = 0; i < 2; i++) {
        const [row] = await tx`select current_setting('app.tenant_id') as token, (select string_agg(body, ',') from docs) as body`
        seen.add(row?.['token'])
        t.equal(row?.['body'], 'secret of acme')
        if (i === 0) await new Promise((resolve) => { setTimeout(resolve, 2_700) })
      }
    }))
    t.equal(seen.size, 2)
  })
})

t.test('the way of a service that is live', async (t) => {
  const test = await testTenancy(t, { isolation: 'rls' })
  const { tenancy, as, sql, appUrl, ownerUrl, admin } = test
  const common = { mode: 'multi', database: appUrl, ownerDatabase: ownerUrl, log: quiet } as const
  const withKeys = { ...common, signing: SIGNING }
  const open = async (options: object) => {
    const opened = await createTenancy({ ...withKeys, ...options })
    t.teardown(() => opened.close())
    return opened
  }
  const read = async (from = tenancy) => bodies(await from.runWithTenant('acme', async () => await from.sql`select body from docs`))

  await t.test('begins with a process that is told what is missing', async (t) => {
    await t.rejects(createTenancy(withKeys), { code: 'FST_TENANCY_ROLE_UNSAFE', message: /does not check/ })
  })

  await t.test('adds the key, while everybody is served as before', async (t) => {
    t.same(await addSigningKeys(resolveConfig(withKeys, {})), ['k1'])
    t.same(await addSigningKeys(resolveConfig(withKeys, {})), [], 'again changes nothing')
    t.same(await read(), ['secret of acme'])
    const [status] = await tenancy.signing.status()
    t.match(status, { server: 'default', database: null, stage: 'optional', keys: [{ id: 'k1', retiredAt: null }], unsignedTables: ['shared.docs'] })
    t.ok(Math.abs(status?.clockAheadMs ?? Infinity) < 5_000)
    await t.rejects(tenancy.signing.require(), { code: 'FST_TENANCY_SIGNING_CHANGE_REFUSED', message: /1 tables/ })
  })

  let signed = tenancy
  await t.test('migrates, and serves processes that sign beside those that do not', async (t) => {
    t.equal((await tenancy.migrate()).failed, 0)
    signed = await open({})
    t.same(await read(), ['secret of acme'])
    t.same(await read(signed), ['secret of acme'])
    t.equal((await signed.runWithTenant('acme', async () => await signed.sql`insert into docs (id, body) values (9, 'x') returning tenant_id`))[0]?.['tenant_id'], 'acme')
    t.equal((await as('acme', async () => await sql`delete from docs where id = 9`)).count, 1)
  })

  await t.test('requires it: who does not sign is refused, loudly', async (t) => {
    await signed.signing.require()
    t.same(await read(signed), ['secret of acme'])
    await t.rejects(as('acme', async () => await sql`select body from docs`), { code: 'FST_TENANCY_SIGNING_REFUSED', cause: { message: /not signed/ } })
    await t.rejects(createTenancy(common), { code: 'FST_TENANCY_SIGNING_REFUSED' }, 'a process without the option does not start')
    t.equal((await admin`select stage from zakops_tenancy.signing`)[0]?.['stage'], 'required')
  })

  await t.test('works for the owner without a key: provisioning, migrations and drift', async (t) => {
    await signed.provision({ id: 'initech', isolation: 'rls' })
    await signed.runWithTenant('initech', async () => await signed.sql`insert into docs (id, body) values (1, 'secret of initech')`)
    t.same(await read(signed), ['secret of acme'])
    t.equal((await signed.migrate()).failed, 0)
    t.same((await signed.signing.status()).map(({ unsignedTables }) => unsignedTables), [[]], 'a migration does not undo it')
  })

  await t.test('changes keys without a stop', async (t) => {
    const second = { keys: { k1: SECRET, k2: `${SECRET}2` }, current: 'k2' }
    await t.rejects(createTenancy({ ...common, signing: second }), { code: 'FST_TENANCY_SIGNING_REFUSED', cause: { message: /key is not known/ } }, 'not before the database knows it')
    t.same(await addSigningKeys(resolveConfig({ ...common, signing: second }, {})), ['k2'])
    const rolled = await open({ signing: second })
    t.same([await read(signed), await read(rolled)], [['secret of acme'], ['secret of acme']])
    await t.rejects(signed.signing.retire('k1'), { code: 'FST_TENANCY_SIGNING_CHANGE_REFUSED' }, 'not the one that is in use here')
    await rolled.signing.retire('k1')
    t.same(await read(rolled), ['secret of acme'])
    await t.rejects(read(signed), { code: 'FST_TENANCY_SIGNING_REFUSED', cause: { message: /retired/ } })
    await t.rejects(rolled.signing.add(), { code: 'FST_TENANCY_SIGNING_CHANGE_REFUSED', message: /retired/ }, 'its id is not used again')
    await t.rejects(rolled.signing.retire('k3'), { code: 'FST_TENANCY_SIGNING_CHANGE_REFUSED' })
    await t.rejects(setSigningStage(resolveConfig(common, {}), 'off'), { code: 'FST_TENANCY_SIGNING_CHANGE_REFUSED' }, 'nor can it be left at once')
  })

  await t.test('can be left again, in the other order', async (t) => {
    const config = resolveConfig(common, {})
    await setSigningStage(config, 'optional')
    t.same(await read(), ['secret of acme'])
    await setSigningStage(config, 'off')
    t.equal((await tenancy.migrate()).failed, 0)
    t.equal((await tenancy.signing.status())[0]?.unsignedTables.length, 1)
    t.same(await read(), ['secret of acme'])
  })
})

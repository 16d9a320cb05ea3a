import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { keepBusy } from '../../examples/adopt/load.ts'
import { openService } from '../../examples/adopt/service.ts'
import { type AdoptionTarget, enforceAdoption, finishWhole, stampAdoption, undoWhole } from '../../lib/operations/adoption/index.ts'
import { createTenancy } from '../../lib/index.ts'
import { ADOPTED_MIGRATIONS, type AdoptingScene, adoptingScene, definitions, missing } from '../support/adopting.ts'

async function sceneFor (t: Test, target: AdoptionTarget): Promise<AdoptingScene> {
  return await adoptingScene(t, { options: target === 'rls' ? {} : { migrations: ADOPTED_MIGRATIONS } })
}

for (const target of ['schema+rls', 'schema', 'rls'] as const) {
  t.test(`the old service writes all the time while it is adopted as ${target} and back, and no request of it fails`, async (t) => {
    const scene = await sceneFor(t, target)
    const plan = await scene.plan(target)
    const original = await definitions(scene)
    const service = openService(scene.oldUrl, target === 'rls')
    t.teardown(service.close)
    const load = keepBusy(service)
    await sleep(300)
    const longest: number[] = []
    for (const step of [
      async () => await stampAdoption(scene.config, plan), async () => await enforceAdoption(scene.config, 'zakops'), async () => await undoWhole(scene.config, 'zakops')
    ]) {
      longest.push((await step()).longestMs)
      await sleep(300)
      t.same(await missing(scene, 'zakops', [...load.acknowledged]), [])
    }
    const { acknowledged, failures, reads } = await load.stop()
    t.same(failures, [])
    t.ok(acknowledged.length > 30 && reads > 30, `there was a load: ${acknowledged.length} deals`)
    t.same(await missing(scene, 'zakops', acknowledged), [])
    t.match(await scene.admin`select count(*)::int as deals from zakops.deals`, [{ deals: 200 + acknowledged.length }])
    t.same(await definitions(scene), original, 'and everything is defined as it was')
    t.comment(`longest locks: ${longest.join(', ')} ms`)
    t.ok(Math.max(...longest) < 2_000, 'nobody waited long')
  })

  t.test(`a second tenant beside one that was adopted as ${target} has the same keys and e-mails, and neither sees the other`, async (t) => {
    const scene = await sceneFor(t, target)
    const plan = await scene.plan(target)
    await stampAdoption(scene.config, plan)
    if (target === 'rls') {
      await scene.admin`update shared.user_sessions set tenant_id = 'stray' where ctid = (select min(ctid) from shared.user_sessions)`
      await t.rejects(enforceAdoption(scene.config, 'zakops'), { code: 'FST_TENANCY_ADOPTION_REFUSED', message: /user_sessions/ }, 'not while the tenant would miss a row')
      await scene.admin`update shared.user_sessions set tenant_id = 'acme' where tenant_id = 'stray'`
    }
    await enforceAdoption(scene.config, 'zakops')
    if (target !== 'schema') t.match(await scene.admin`select array_to_string(reloptions, ' ') as options from pg_class where oid = 'zakops.deals'::regclass`, [{ options: 'security_barrier=true check_option=cascaded' }])
    const tenancy = await createTenancy({ ...scene.options, log: { info () {}, warn () {}, error () {} } })
    t.teardown(() => tenancy.close())
    await tenancy.provision({ id: 'globex', isolation: target })
    const { sql } = tenancy
    const write = async (title: string): Promise<void> => {
      await sql`insert into deals (deal_id, title) values ('DEAL-1000', ${title})`
      await sql`insert into agent_runs (deal_id, idempotency_key) values ('DEAL-1000', 'key 1000')`
      await sql`insert into user_sessions (email) values ('same@example.com')`
      await sql`insert into audit_logs (deal_id) values ('DEAL-1000')`
    }
    for (const id of ['acme', 'globex']) await tenancy.runWithTenant(id, async () => { await write(`of ${id}`) })
    const seen = async (id: string): Promise<unknown> => await tenancy.runWithTenant(id, async () => (await sql`select title, (select count(*)::int from deals) as deals, (select count(*)::int from agent_runs) as runs from deals where deal_id = 'DEAL-1000'`).map((row) => ({ ...row })))
    t.same(await seen('acme'), [{ title: 'of acme', deals: 201, runs: 201 }])
    t.same(await seen('globex'), [{ title: 'of globex', deals: 1, runs: 1 }])
    await t.rejects(tenancy.runWithTenant('globex', async () => await sql`insert into agent_runs (deal_id, idempotency_key) values ('DEAL-1', 'key 1')`), { code: '23503' }, 'a foreign key tells nothing of another tenant\'s rows')
    await t.rejects(tenancy.runWithTenant('acme', async () => await sql`insert into user_sessions (email) values ('SAME@example.com')`), { code: '23505' }, 'within a tenant a key is as unique as before')
    t.match(await tenancy.runWithTenant('acme', async () => {
      await sql`delete from agent_runs where deal_id = 'DEAL-2'`
      return await sql`select deal_id, run_id from approvals where deal_id = 'DEAL-2'`
    }), [{ deal_id: 'DEAL-2', run_id: null }], 'a child whose parent goes keeps its tenant')
    t.match(await tenancy.runWithTenant('globex', async () => await sql`select count(*)::int as types from ${sql(target === 'rls' ? 'deal_types' : 'shared.deal_types')}`), [{ types: 2 }])
    await t.rejects(tenancy.runWithTenant('globex', async () => await sql`select * from zakops.deals`), { code: '42501' }, 'what the old service uses is not the plugin\'s')

    const service = openService(scene.oldUrl)
    t.teardown(service.close)
    t.match(await service.sql`select title, (select count(*)::int from zakops.deals) as deals from zakops.deals where deal_id = 'DEAL-1000'`, [{ title: 'of acme', deals: 201 }], 'and it sees the one tenant alone')
    t.equal((await service.openDeal()).startsWith('D-'), true)
    if (target !== 'schema') await t.rejects(service.sql`select * from ${service.sql(target === 'rls' ? 'shared.deals' : 'tenant_acme.deals')}`, { code: '42501' })
    if (target === 'rls') {
      await t.rejects(undoWhole(scene.config, 'zakops'), { code: 'FST_TENANCY_ADOPTION_REFUSED' })
      t.match(await seen('globex'), [{ title: 'of globex' }], 'a refused undo changes nothing')
    }

    t.match(await finishWhole(scene.config, 'zakops'), { stage: 'finished' })
    await t.rejects(service.sql`select * from zakops.deals`, { code: '42P01' })
    await t.rejects(undoWhole(scene.config, 'zakops'), { code: 'FST_TENANCY_ADOPTION_REFUSED' })
    await tenancy.runWithTenant('acme', async () => await sql`insert into deals (deal_id, title) values ('DEAL-1001', 'later')`)
    t.same(await seen('globex'), [{ title: 'of globex', deals: 1, runs: 1 }])
  })
}

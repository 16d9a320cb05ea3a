import { setTimeout as sleep } from 'node:timers/promises'
import postgres, { type Sql } from 'postgres'
import t from 'tap'
import { enforceAdoption, finishWhole, stampAdoption, undoWhole } from '../../lib/operations/adoption/index.ts'
import { createTenancy } from '../../lib/index.ts'
import { ADOPTED_MIGRATIONS, type AdoptingScene, adoptingScene, definitions } from '../support/adopting.ts'

const silent = { info () {}, warn () {}, error () {} }

/** Somebody who was given the views, and two columns of a table, and nothing else. */
async function readerOf ({ admin, adminUrl, oldUrl }: AdoptingScene, t: { teardown (fn: () => unknown): void }): Promise<Sql> {
  const url = new URL(adminUrl)
  url.username = `${new URL(oldUrl).username}_reader`
  url.password = 'reader'
  await admin.unsafe(`create role ${url.username} login password 'reader'; grant usage on schema zakops, reporting to ${url.username};
    grant select on reporting.totals to ${url.username}; grant select (title), update (title) on zakops.open_deals to ${url.username}; grant select (deal_id, title) on zakops.deals to ${url.username}`)
  const sql = postgres(url.href, { max: 1, onnotice: () => {} })
  t.teardown(async () => {
    await sql.end({ timeout: 5 })
    await admin.unsafe(`drop owned by ${url.username}; drop role ${url.username}`)
  })
  return sql
}

const FAILING = `
  create view zakops.grouped as select d.deal_id, d.title, count(r.id) as runs from zakops.deals d left join zakops.agent_runs r on r.deal_id = d.deal_id group by d.deal_id;
  create view zakops.numbered as select title, (select last_value from zakops.user_sessions_id_seq) as number from zakops.deals;
  create view zakops.over_grouped as select sum(runs) as runs from zakops.grouped;
  create view zakops.whole as select d from zakops.deals d;
  create view zakops.ruled as select title from zakops.deals;
  create rule nothing as on delete to zakops.ruled do instead nothing;
  do $$ declare name text; begin foreach name in array array['grouped', 'numbered', 'over_grouped', 'whole', 'ruled'] loop
    execute pg_catalog.format('alter view zakops.%I owner to %I', name, (select pg_catalog.pg_get_userbyid(relowner) from pg_catalog.pg_class where oid = 'zakops.deals'::regclass)); end loop; end $$`

/** What the service does with its views all the time. Returns how to end it, and what failed. */
function useViews (old: Sql, reader: Sql): () => Promise<{ readonly uses: number, readonly failures: readonly string[] }> {
  const state = { isOver: false, uses: 0 }
  const failures: string[] = []
  const use = async (): Promise<void> => {
    const id = `V-${state.uses}`
    await old`insert into zakops.open_deals (deal_id) values (${id})`
    await old`update zakops.open_titles set title = 'renamed' where deal_id = ${id}`
    await old`insert into zakops.entries (deal_id, title) values (${`E-${state.uses}`}, 'by a trigger')`
    const [found] = await old`select d.title, e.title as entered, (select count(*)::int from zakops.runs_of_deals) as runs from zakops.open_titles d, zakops.deals e where d.deal_id = ${id} and e.deal_id = ${`E-${state.uses}`}`
    if (found?.['title'] !== 'renamed' || found['entered'] !== 'entered by a trigger' || found['runs'] !== 50) throw new Error(`not what was written: ${JSON.stringify(found)}`)
    await old`delete from zakops.open_deals where deal_id in (${id}, ${`E-${state.uses}`})`
    const [given] = await reader`select deals, runs, (select min(title) from zakops.open_deals) as title, (select count(title)::int from zakops.deals) as titles from reporting.totals`
    if (given?.['runs'] !== 50) throw new Error(`not what there is: ${JSON.stringify(given)}`)
    state.uses++
  }
  const running = (async () => {
    while (!state.isOver) {
      await use().catch((error: unknown) => { failures.push(`use ${state.uses++}: ${String(error)}`) })
      await sleep(5)
    }
  })()
  return async () => {
    state.isOver = true
    await running
    return { uses: state.uses, failures }
  }
}

for (const target of ['rls', 'schema', 'schema+rls'] as const) {
  t.test(`the service's own views go on while it is adopted as ${target}, show the one tenant alone, and are afterwards what they were`, async (t) => {
    const scene = await adoptingScene(t, { rows: 50, hasViews: true, options: target === 'rls' ? {} : { migrations: ADOPTED_MIGRATIONS } })
    const { admin, config } = scene
    const reader = await readerOf(scene, t)
    await admin.unsafe(`create view zakops.of_a_superuser as select title from zakops.deals; grant select on zakops.of_a_superuser to ${new URL(scene.oldUrl).username}`)
    if (target === 'schema') await admin.unsafe(FAILING)
    const old = postgres(scene.oldUrl, { max: 1, onnotice: () => {} })
    t.teardown(async () => await old.end({ timeout: 5 }))
    const original = await definitions(scene)
    const plan = await scene.plan(target)
    t.same(plan.care.filter(({ kind }) => kind === 'view').map(({ name }) => name), ['entries', 'of_a_superuser', 'open_deals', 'runs_of_deals', 'open_titles', 'reporting.totals'])
    t.match(plan.care.filter(({ kind }) => kind === 'failing view'), target === 'schema' ? [{ name: 'grouped', reason: /GROUP BY/ }, { name: 'numbered', reason: /sequence/ }, { name: 'ruled', reason: /rules/ }, { name: 'whole', reason: /other types/ }, { name: 'over_grouped', reason: /reads grouped/ }] : [])

    const stop = useViews(old, reader)
    t.teardown(stop)
    await sleep(100)
    await stampAdoption(config, plan)
    t.not((await definitions(scene)).join(), original.join())
    await enforceAdoption(config, 'zakops')
    await sleep(100)

    const tenancy = await createTenancy({ ...scene.options, log: silent })
    t.teardown(() => tenancy.close())
    const count = async (): Promise<unknown> => await old`select deals, runs from reporting.totals`
    if (target === 'rls') {
      await tenancy.provision({ id: 'globex', isolation: 'rls' })
      await tenancy.runWithTenant('globex', async () => {
        await tenancy.sql`insert into deals (deal_id, title) values ('DEAL-1', 'another''s')`
        await tenancy.sql`insert into agent_runs (deal_id, idempotency_key) values ('DEAL-1', 'another''s')`
      })
      t.match(await admin`select count(*)::int as runs from shared.agent_runs`, [{ runs: 51 }], 'there is a row that is another\'s')
    }
    t.match(await old`select count(*)::int as runs from zakops.runs_of_deals`, [{ runs: 50 }])
    t.same([...await old`select title from zakops.open_titles where title like 'another%' union all select title from zakops.entries where title like 'another%' union all select title from zakops.runs_of_deals where title like 'another%'`], [])
    t.match(await old`select count(*)::int as titles, count(*) filter (where title like 'another%')::int as others from zakops.of_a_superuser where title not like 'renamed' and title not like 'entered%' and title <> 'Untitled'`, [{ titles: 50, others: 0 }])
    if (target === 'schema') await t.rejects(old`select * from zakops.over_grouped`, { code: '42501' }, 'those that the plan calls failing do')
    await t.rejects(old`insert into zakops.open_deals (deal_id, title, stage) values ('NO', 'No', 'rejected')`, { code: '44000' }, 'its own check option holds')
    if (target === 'rls') t.equal((await old`update zakops.open_titles set title = 'mine' where title like 'another%'`).count, 0)
    t.match([...await old`insert into zakops.entries (title) values ('drawn') returning deal_id`], [{ deal_id: /^S-\d+$/ }], 'its default draws from a sequence that is somewhere else now')
    await old`delete from zakops.deals where deal_id like 'S-%'`
    await t.rejects(reader`select stage from zakops.open_deals`, { code: '42501' }, 'and its rights')
    await t.rejects(tenancy.runWithTenant('acme', async () => await tenancy.sql`select * from zakops.open_deals`), { code: '42501' })
    await t.rejects(old`select * from zakops_tenancy_views.view_1`, { code: '42501' }, 'what was put aside cannot be named')

    if (target === 'rls') {
      await tenancy.runWithTenant('globex', async () => {
        await tenancy.sql`delete from agent_runs`
        await tenancy.sql`delete from deals`
      })
    }
    await admin`create view public.made_since as select title from zakops.open_titles`
    for (const step of [undoWhole, finishWhole]) await t.rejects(step(config, 'zakops'), { code: 'FST_TENANCY_ADOPTION_REFUSED', message: /made_since/ }, 'what somebody else has made over them is not dropped')
    await admin`drop view public.made_since`
    t.match(await count(), [{ runs: 50 }])
    await undoWhole(config, 'zakops')
    const { uses, failures } = await stop()
    t.same(failures, [])
    t.ok(uses > 5, `they were used ${uses} times`)
    t.same(await definitions(scene), original)
    t.same([...await admin`select 1 from pg_namespace where nspname = 'zakops_tenancy_views'`], [])
  })
}

t.test('finish waits until the service\'s own views are dropped, and tells in which order', async (t) => {
  const scene = await adoptingScene(t, { rows: 5, hasViews: true })
  const { admin, config } = scene
  await stampAdoption(config, await scene.plan('rls'))
  await enforceAdoption(config, 'zakops')
  const refusal: unknown = await finishWhole(config, 'zakops').catch((error: unknown) => error)
  t.match(refusal, { code: 'FST_TENANCY_ADOPTION_REFUSED', message: /in this order: reporting\.totals, zakops\.open_titles, zakops\.entries, zakops\.open_deals, zakops\.runs_of_deals\./ })
  t.match(await admin`select runs from reporting.totals`, [{ runs: 5 }], 'and has done nothing')
  for (const name of ['reporting.totals', 'zakops.open_titles', 'zakops.entries', 'zakops.open_deals', 'zakops.runs_of_deals']) await admin.unsafe(`drop view ${name}`)
  t.match(await finishWhole(config, 'zakops'), { stage: 'finished' })
  t.same([...await admin`select 1 from pg_views where schemaname in ('zakops', 'reporting', 'zakops_tenancy_views')`], [])
})

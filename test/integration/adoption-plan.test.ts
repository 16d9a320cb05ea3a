import postgres from 'postgres'
import t from 'tap'
import { keepBusy } from '../../examples/adopt/load.ts'
import { openService } from '../../examples/adopt/service.ts'
import { type AdoptionPlan, checkAdoption, enforceAdoption, observeService, planAdoption, rehearseAdoption, stampAdoption } from '../../lib/operations/adoption/index.ts'
import { deleteTenant } from '../../lib/operations/lifecycle/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { adoptingScene, definitions } from '../support/adopting.ts'
import { debianServer } from '../support/debian-server.ts'
import { dumpOf, hasPgDump } from '../support/dump.ts'

const REQUEST = { schema: 'zakops', tenant: 'acme', target: 'rls' } as const

t.test('a plan', async (t) => {
  const scene = await adoptingScene(t, { rows: 20 })
  const { admin, config } = scene
  const before = await dumpOf(admin)
  const plan = await planAdoption(config, REQUEST)

  t.test('says of each table what it is and why, the same every time, and changes nothing', async (t) => {
    t.same(Object.fromEntries(plan.tables.map(({ name, class: kind }) => [name, kind])), {
      agent_runs: 'derived', approvals: 'derived', audit_logs: 'derived', deal_types: 'shared', deals: 'tenant', schema_migrations: 'ignore', user_sessions: 'tenant'
    })
    for (const { reasons, changes } of plan.tables) t.ok(reasons.length > 0 && changes.length > 0)
    t.match(plan.tables.find(({ name }) => name === 'user_sessions'), { changes: [/column tenant_id/, /user_sessions_email .*becomes/, /user_sessions_pkey/, /sequence user_sessions_id_seq/] })
    t.same(await planAdoption(config, REQUEST), plan)
    t.equal(await dumpOf(admin), before)
  })

  t.test('fits the database that it was made from, and no other', async (t) => {
    t.same(await checkAdoption(config, plan), [])
    t.same(await checkAdoption(config, JSON.parse(JSON.stringify(plan))), [])
    await t.rejects(checkAdoption(config, { ...plan, tables: [{ name: 'deals' }] }), { code: 'FST_TENANCY_ADOPTION_PLAN' })
    await t.rejects(checkAdoption(config, { ...plan, tenant: '../etc' }), { code: 'FST_TENANCY_ADOPTION_PLAN' })
    await t.rejects(planAdoption(config, { ...REQUEST, schema: 'nowhere' }), { code: 'FST_TENANCY_ADOPTION_REFUSED' })
  })

  for (const [what, change, undo, problem] of [
    ['a table that came', 'create table zakops.invoices (id int)', 'drop table zakops.invoices', /invoices is not in the plan/],
    ['a table that went', 'alter table zakops.approvals rename to other', 'alter table zakops.other rename to approvals', /approvals of the plan is gone/],
    ['a column that came', 'alter table zakops.deals add column extra int', 'alter table zakops.deals drop column extra', /deals has other columns/],
    ['a key that came', 'create unique index extra on zakops.deals (title)', 'drop index zakops.extra', /deals has other columns or keys/],
    ['a column of that name', 'alter table zakops.deals add column tenant_id text', 'alter table zakops.deals drop column tenant_id', /has a column tenant_id already/],
    ['a partition', 'create table zakops.child () inherits (zakops.deals)', 'drop table zakops.child', /partitioned, inherited or foreign/],
    ['a view', 'create view zakops.all_deals as select 1 as one', 'drop view zakops.all_deals', /the view all_deals is not in the plan/],
    ['a view over its tables, elsewhere', 'create view public.titles as select title from zakops.deals', 'drop view public.titles', /the view public\.titles is not in the plan/],
    ['a view that groups by a key', 'create materialized view public.grouped as select deal_id, title from zakops.deals group by deal_id', 'drop materialized view public.grouped', /key deals_pkey of deals cannot be rebuilt/],
    ['a function that names the schema', 'create function zakops.f() returns bigint language sql as \'select count(*) from zakops.deals\'', 'drop function zakops.f()', /the function zakops.f\(\) is not in the plan/],
    ['a function of the standard\'s form', 'create function zakops.f() returns bigint begin atomic select count(*) from zakops.deals; end', 'drop function zakops.f()', /the function zakops.f\(\) is not in the plan/],
    ['a function of rows', 'create function zakops.f(zakops.deals) returns text language sql as \'select $1.title\'', 'drop function zakops.f(zakops.deals)', /the function zakops.f\(zakops.deals\) is not in the plan/],
    ['a foreign key to them from another schema', 'create table public.elsewhere (deal_id varchar(20) references zakops.deals)', 'drop table public.elsewhere', /key deals_pkey of deals is to change.*elsewhere_deal_id_fkey/],
    ['a foreign key that nobody has validated', 'alter table zakops.audit_logs add constraint late foreign key (deal_id) references zakops.deals not valid', 'alter table zakops.audit_logs drop constraint late', /late of audit_logs is not validated/],
    ['a column of the type of its rows', 'create table public.kept (was zakops.deals[])', 'drop table public.kept', /deals cannot get a column while kept/],
    ['row security', 'alter table zakops.deals enable row level security', 'alter table zakops.deals disable row level security', /row security of its own/]
  ] as const) {
    t.test(`does not fit ${what}, and nothing is stamped then`, async (t) => {
      await admin.unsafe(change)
      t.match((await checkAdoption(config, plan)).join(' '), problem)
      await t.rejects(stampAdoption(config, plan), { code: 'FST_TENANCY_ADOPTION_PLAN' })
      await admin.unsafe(undo)
      t.same(await checkAdoption(config, plan), [])
    })
  }

  t.test('knows a type from a table that is called the same', async (t) => {
    await admin.unsafe('create table zakops.path (id int); create view zakops.drawn as select title, \'((0,0),(1,1))\'::path as line from zakops.deals')
    t.match((await planAdoption(config, REQUEST)).care, [{ kind: 'view', name: 'drawn' }])
    await admin.unsafe('drop view zakops.drawn; drop table zakops.path')
  })

  t.test('for a tenant that is there already is refused, because an undo would take it away', async (t) => {
    for (const id of ['taken', 'gone']) await provision(config, { id, isolation: 'rls' })
    await deleteTenant(config, parseTenantId('gone'), { force: true })
    for (const [tenant, why] of [['taken', /is a tenant already/], ['Taken', /is a tenant already/], ['gone', /was deleted/]] as const) {
      await t.rejects(stampAdoption(config, { ...plan, tenant }), { code: 'FST_TENANCY_ADOPTION_REFUSED', message: why })
    }
    await admin.unsafe('insert into zakops_tenancy.adoptions (source, stage, plan, original) values (\'elsewhere\', \'stamped\', \'{"tenant":"acme"}\', \'{}\')')
    await t.rejects(stampAdoption(config, plan), { code: 'FST_TENANCY_ADOPTION_REFUSED', message: /comes from another schema/ })
    await admin.unsafe('delete from zakops_tenancy.adoptions')
    t.match([...await admin`select id, status from zakops_tenancy.tenants order by id`], [{ id: 'gone', status: 'deleted' }, { id: 'taken', status: 'active' }])
  })

  t.test('that calls a parent of a tenant\'s tables ignored, or a child of them shared, is refused', async (t) => {
    const as = (name: string, kind: AdoptionPlan['tables'][number]['class']): AdoptionPlan => ({ ...plan, tables: plan.tables.map((table) => table.name === name ? { ...table, class: kind } : table) })
    t.match((await checkAdoption(config, as('deals', 'ignore'))).join(' '), /refers to deals, which is ignored/)
    t.match((await checkAdoption(config, as('audit_logs', 'shared'))).join(' '), /audit_logs is shared and refers to deals/)
    t.match((await checkAdoption(config, as('audit_logs', 'ignore'))).join(' '), /audit_logs, which is ignored, leads to a tenant's table/)
  })

  t.test('is refused where the plugin\'s role has rights on the tables today, or everybody has', async (t) => {
    for (const role of [new URL(scene.appUrl).username, 'public']) {
      await admin.unsafe(`grant select on zakops.deals to ${role}`)
      await t.rejects(stampAdoption(config, plan), { code: 'FST_TENANCY_ADOPTION_REFUSED' })
      await admin.unsafe(`revoke select on zakops.deals from ${role}`)
      await admin.unsafe(`create view public.titles as select title from zakops.deals; grant select (title) on public.titles to ${role}`)
      const [care] = (await planAdoption(config, REQUEST)).care
      await t.rejects(stampAdoption(config, { ...plan, care: care === undefined ? [] : [care] }), { code: 'FST_TENANCY_ADOPTION_REFUSED', message: /view "titles"/ })
      await admin.unsafe('drop view public.titles')
    }
  })
})

t.test('observing finds what in the code and in the statements would not work, with file and line', async (t) => {
  const { config } = await adoptingScene(t, { rows: 5 })
  const plan = await planAdoption(config, REQUEST)
  const folder = t.testdir({
    'deals.ts': 'const zakops = { deals: 1 }\nzakops.deals\nawait sql`\n  select * from zakops.deals where id = 1`\nawait sql`insert into agent_runs values (1) on conflict (idempotency_key) do nothing`\nawait sql`insert into x values (1) on conflict (other) do nothing`\n',
    'job.sql': '-- nightly\ntruncate zakops.audit_logs;\nset search_path = zakops;\nselect nextval(\'zakops.deal_events_sequence_seq\');\nselect * from zakops.schema_migrations;\n'
  })
  const { code, sessions, tables, statements } = await observeService(config, plan, folder)
  t.same(code.map(({ file, line, kind, found }) => [`${file}:${line}`, kind, found]), [
    ['deals.ts:4', 'name', 'zakops.deals'],
    ['deals.ts:5', 'conflict', 'on conflict (idempotency_key)'],
    ['job.sql:2', 'name', 'zakops.audit_logs'],
    ['job.sql:2', 'statement', 'truncate zakops.audit_logs'],
    ['job.sql:3', 'path', 'set search_path = zakops'],
    ['job.sql:4', 'name', 'zakops.deal_events_sequence_seq'],
    ['job.sql:4', 'statement', 'nextval(\'zakops.deal_events_sequence_seq']
  ])
  t.match(tables.find(({ table }) => table === 'deals'), { table: 'deals' })
  t.ok(sessions.length > 0)
  t.equal(statements, null)
})

for (const way of ['by the server, where nobody is connected', 'by pg_dump, while the service writes'] as const) {
  const isBusy = way.includes('pg_dump')
  t.test(`a rehearsal goes there and back on a copy, made ${way}, and leaves neither the copy nor a change`, { skip: isBusy && !hasPgDump ? 'needs PostgreSQL 15 (apt-get install postgresql-15)' : false }, async (t) => {
    const scene = await adoptingScene(t, { rows: 20, ...(isBusy ? { server: await debianServer(t) } : {}) })
    const plan = await scene.plan('rls')
    const before = await definitions(scene)
    const service = openService(scene.oldUrl, true)
    t.teardown(service.close)
    const load = isBusy ? keepBusy(service) : undefined
    if (!isBusy) await disconnectAll(scene.adminUrl)
    const report = await rehearseAdoption(scene.config, plan)
    t.match(report, { shadow: { differences: [] }, steps: [{ step: 'stamp', stage: 'stamped' }, { step: 'enforce', stage: 'enforced' }, { step: 'undo', stage: 'none' }] })
    for (const { locks } of report.steps) t.ok(locks.length >= 5)
    t.same((await load?.stop())?.failures ?? [], [])
    t.same(await definitions(scene), before)
    t.same([...await scene.admin`select datname from pg_database where datname like current_database() || '_rehearsal%'`], [])
  })
}

/** A database that is copied by the server itself has nobody connected; whoever was connects again. */
async function disconnectAll (url: string): Promise<void> {
  const elsewhere = new URL(url)
  const name = elsewhere.pathname.slice(1)
  elsewhere.pathname = '/postgres'
  const sql = postgres(elsewhere.href, { max: 1 })
  await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name}`
  await sql.end()
}

t.test('what nobody has accepted is not enforced', async (t) => {
  const scene = await adoptingScene(t, { rows: 5 })
  await scene.admin.unsafe('create view zakops.titles as select title from zakops.deals')
  const plan = await planAdoption(scene.config, REQUEST)
  t.match(plan.care, [{ kind: 'view', name: 'titles', accepted: false }])
  await stampAdoption(scene.config, plan)
  await t.rejects(enforceAdoption(scene.config, 'zakops'), { code: 'FST_TENANCY_ADOPTION_REFUSED', message: /the view titles/ })
})

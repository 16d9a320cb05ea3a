import t from 'tap'
import { findDrift } from '../../lib/operations/drift/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { SHARED_DEALS, operationsScene } from '../support/operations.ts'

const FILES = {
  '001_all.sql': `
    create type stage as enum ('new', 'won'); create domain amount as numeric check (value >= 0);
    create table deals (tenant_id text not null, id serial, title text not null default 'untitled', price amount, stage stage, primary key (tenant_id, id));
    create table notes (tenant_id text not null, id int, deal int, body text, primary key (tenant_id, id), foreign key (tenant_id, deal) references deals (tenant_id, id), check (id > 0));
    create sequence numbers; create index deals_title on deals (title); create view titles as select title from deals;
    create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger touched before insert on deals for each row execute function touch()`
}

/** What is wrong with globex, what is told of it, and whether the script repairs it. */
const DRIFTS: readonly (readonly [plant: string, told: readonly (readonly [object: string, kind: string])[], isRepaired: boolean])[] = [
  ['drop table globex.notes', [['table notes', 'missing'], ['column notes.body', 'missing'], ['forced row security notes', 'missing'], ['policy notes.tenancy_isolation', 'missing'], ['constraint notes.tenancy_tenant', 'missing']], true],
  ['create table globex.extra (id int primary key)', [['table extra', 'extra']], false],
  ['alter table globex.notes drop column body', [['column notes.body', 'missing']], true],
  ['alter table globex.notes add column extra int', [['column notes.extra', 'extra']], false],
  ['alter table globex.notes alter column body type varchar(10)', [['column notes.body', 'different']], false],
  ['alter table globex.deals alter column title drop not null', [['not null deals.title', 'missing']], true],
  ["alter table globex.deals alter column title set default 'x'", [['default deals.title', 'different']], true],
  ["alter table globex.deals alter column id set default nextval('acme.deals_id_seq')", [['default deals.id', 'different']], true],
  ['alter sequence globex.deals_id_seq owned by none', [['sequence owner deals_id_seq', 'missing']], true],
  ['alter sequence globex.numbers increment 5', [['sequence numbers', 'different']], true],
  ['drop index globex.deals_title', [['index deals.deals_title', 'missing']], true],
  ['create index more on globex.deals (price)', [['index deals.more', 'extra']], true],
  ['drop index globex.deals_title; create index deals_title on globex.deals (title desc)', [['index deals.deals_title', 'different']], true],
  ['alter table globex.notes drop constraint notes_id_check', [['constraint notes.notes_id_check', 'missing']], true],
  ["alter table globex.notes drop constraint tenancy_tenant, add constraint tenancy_tenant check (tenant_id = 'acme') not valid", [['constraint notes.tenancy_tenant', 'different']], true],
  ['drop policy tenancy_isolation on globex.deals', [['policy deals.tenancy_isolation', 'missing']], true],
  ['drop policy tenancy_isolation on globex.deals; create policy tenancy_isolation on globex.deals as restrictive using (true)', [['policy deals.tenancy_isolation', 'different']], true],
  ['create policy open on globex.deals using (true)', [['policy deals.open', 'extra']], false],
  ['alter table globex.deals no force row level security', [['forced row security deals', 'missing']], true],
  ['alter table globex.deals disable row level security', [['row security deals', 'missing']], true],
  ['grant truncate on globex.deals to public', [['grants deals', 'different']], true],
  ['revoke select on globex.deals from app', [['grants deals', 'different']], true],
  ['grant create on schema globex to app', [['schema grants schema', 'different']], true],
  ['create or replace function globex.touch() returns trigger language plpgsql as $$ begin return null; end $$', [['function touch()', 'different']], true],
  ['create function globex.more(a int) returns int language sql as $$ select 1 $$', [['function more(a integer)', 'extra']], true],
  ['alter table globex.deals disable trigger touched', [['trigger deals.touched', 'different']], true],
  ['drop trigger touched on globex.deals', [['trigger deals.touched', 'missing']], true],
  ['drop view globex.titles', [['view titles', 'missing']], true],
  ['create or replace view globex.titles as select upper(title) as title from globex.deals', [['view titles', 'different']], true],
  ["alter type globex.stage add value 'lost'", [['type stage', 'different']], false],
  ['alter domain globex.amount add check (value < 9)', [['type amount', 'different']], false]
]

t.test('drift', async (t) => {
  const { configOf, asOwner, admin, appRole, ownerRole } = await operationsScene(t)
  const config = configOf(FILES)
  for (const id of ['acme', 'globex', 'With-Odd_Name']) await provision(config, { id })
  const plain = configOf(FILES, { isolation: 'schema' })
  for (const id of ['initech', 'hooli']) await provision(plain, { id })
  const plant = async (text: string): Promise<void> => {
    await asOwner('globex', 'tenant_globex', text.replaceAll(/\b(acme|globex)\./g, 'tenant_$1.').replaceAll('schema globex', 'schema tenant_globex').replaceAll(/\b(to|from) app\b/g, `$1 ${appRole}`))
  }
  const state = async () => await admin`select pg_current_xact_id_if_assigned()::text as id, (select count(*)::int from pg_namespace) as schemas, (select count(*)::int from zakops_tenancy.migrations) as ledger`

  await t.test('is silent where nothing differs, whatever the tenants are called, and leaves nothing behind', async (t) => {
    const before = await state()
    t.match(await findDrift(config), { schemas: 5, differences: [], script: '' })
    t.match(await findDrift(config, { reference: 'acme' }), { schemas: 5, differences: [] })
    t.same(await state(), before)
  })

  for (const [text, told, isRepaired] of DRIFTS) {
    await t.test(`is told of after: ${text}`, async (t) => {
      await plant(text)
      const { differences, script } = await findDrift(config)
      for (const { tenantId } of differences) t.equal(tenantId, 'globex')
      for (const [object, kind] of told) t.ok(differences.some((difference) => difference.object === object && difference.kind === kind), `${object} is ${kind}: ${differences.map((difference) => `${difference.object} ${difference.kind}`).join(', ')}`)
      t.same((await findDrift(config, { reference: 'acme', tenants: ['globex'] })).differences.map(({ object, kind }) => [object, kind]), differences.map(({ object, kind }) => [object, kind]))
      await asOwner('', '', `${script.replaceAll(/^(begin|commit);$/gm, '')}`)
      const after = (await findDrift(config)).differences
      if (isRepaired) t.same(after, [], script)
      else t.match(script, /^-- decide: .*\n-- /m)
      if (!isRepaired) t.same(after.map(({ object }) => object), differences.map(({ object }) => object), 'the script leaves it to somebody')
    })
    if (isRepaired) continue
    await admin`drop schema tenant_globex cascade`
    await provision(config, { id: 'globex' })
  }

  await t.test('makes a table anew with its columns in their order', async (t) => {
    const columns = async () => await admin`select attname as name from pg_attribute where attrelid = 'tenant_globex.notes'::regclass and attnum > 0 and not attisdropped order by attnum`
    const before = await columns()
    await plant('drop table globex.notes')
    await asOwner('', '', (await findDrift(config)).script.replaceAll(/^(begin|commit);$/gm, ''))
    t.same(await columns(), before)
  })

  await t.test('tells of another owner', async (t) => {
    await admin`alter table tenant_globex.titles owner to ${admin((await admin`select current_user as me`)[0]?.['me'])}`
    const { differences: [difference] } = await findDrift(config, { tenants: ['globex'] })
    t.match(difference, { object: 'owner titles', kind: 'different', expected: ownerRole, repair: new RegExp(`owner to ${ownerRole}`) })
    await asOwner('globex', 'tenant_globex', 'drop index tenant_globex.deals_title; alter table tenant_globex.notes drop column body')
    await admin`alter table tenant_globex.deals owner to current_user`
    const { script } = await findDrift(config)
    t.match(script, /^-- tenant globex: .*\nbegin;\n.*\n-- Something belongs to another role, and only a superuser/)
    await t.rejects(asOwner('', '', script.replaceAll(/^(begin|commit);$/gm, '')), { code: '42501' })
    const superuser = await admin.reserve()
    await superuser.unsafe(script)
    superuser.release()
    t.same((await findDrift(config)).differences, [], 'and what it made is the owner\'s')
  })

  await t.test('refuses what it cannot compare', async (t) => {
    await t.rejects(findDrift(config, { reference: 'nobody' }), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
    await t.rejects(findDrift(configOf()), { code: 'FST_TENANCY_OPTIONS_INVALID' })
  })
})

t.test('drift of shared tables is told of once', async (t) => {
  const { configOf, admin } = await operationsScene(t)
  const config = configOf({ '001_deals.sql': SHARED_DEALS }, { isolation: 'rls' })
  for (const id of ['acme', 'globex']) await provision(config, { id })
  t.match(await findDrift(config), { schemas: 1, differences: [] })
  await admin`alter table shared.deals no force row level security`
  t.match(await findDrift(config), { differences: [{ tenantId: 'acme', object: 'forced row security deals', kind: 'missing' }] })
})

t.test('a foreign key to what every tenant reads is no drift under rls', async (t) => {
  const { configOf, admin } = await operationsScene(t)
  const config = configOf(undefined, {
    isolation: 'rls',
    migrations: t.testdir({
      shared: { '001-countries.sql': 'create table countries (code text primary key)' },
      tenant: { '001-deals.sql': "create table deals (tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''), id int, country text references shared.countries (code), primary key (tenant_id, id))" }
    })
  })
  await provision(config, { id: 'acme' })
  t.match(await findDrift(config), { schemas: 1, differences: [] })
  await admin`alter table shared.deals drop constraint deals_country_fkey`
  t.match(await findDrift(config), { differences: [{ object: 'constraint deals.deals_country_fkey', kind: 'missing', repair: /references "?shared"?\.countries/i }] })
})

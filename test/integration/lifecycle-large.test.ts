import t from 'tap'
import { startDatabase } from '../../lib/faces/testing/index.ts'
import { deleteTenant } from '../../lib/operations/lifecycle/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { operationsScene } from '../support/operations.ts'

const TABLES = 5_000
const acme = parseTenantId('acme')

t.test('a tenant with 5,000 tables, with keys, indexes, sequences and foreign keys', { timeout: 240_000 }, async (t) => {
  // A server of its own: while its lock table is full, nobody else's statements would run.
  const server = await startDatabase()
  t.teardown(() => server.stop())
  const scene = await operationsScene(t, { server: server.url })
  const { admin, ownerRole, configOf } = scene
  const config = configOf(undefined, { isolation: 'schema' })
  for (const id of ['acme', 'globex']) await provision(config, { id })
  await admin`create table "tenant_globex".deals as select 1 as id`
  await admin.begin(async (tx) => {
    await tx`set local role ${tx(ownerRole)}`
    await tx`create table "tenant_acme".t0 (id int primary key)`
  })
  for (let from = 1; from <= TABLES; from += 100) {
    await admin.begin(async (tx) => {
      await tx`set local role ${tx(ownerRole)}`
      await tx.unsafe(`do $$ begin for i in ${from}..${from + 99} loop
        execute format('create table "tenant_acme".t%s (id serial primary key, name text, parent int)', i);
        execute format('create index on "tenant_acme".t%s (name)', i);
        if i % 5 = 0 then execute format('create sequence "tenant_acme".s%s', i); end if;
        if i % 5 = 1 then execute format('alter table "tenant_acme".t%s add foreign key (parent) references "tenant_acme".t0', i); end if;
      end loop; end $$`)
    })
  }
  await admin`insert into "tenant_acme".t0 values (1)`
  await admin`insert into "tenant_acme".t7 (name, parent) select 'x', 1 from generate_series(1, 10)`

  t.test('is more than the lock table has room for', async (t) => {
    t.match([...await admin`select current_setting('max_locks_per_transaction') as locks`], [{ locks: '64' }], 'the default')
    await t.rejects(admin`drop schema "tenant_acme" cascade`, { code: '53200' }, 'so one statement does not do it')
  })

  t.test('is deleted all the same, by several that were killed in the middle', async (t) => {
    for (const killed of ['foreign keys', 'objects'] as const) {
      await t.rejects(deleteTenant(config, acme, {
        force: true,
        onProgress: ({ step, done }) => { if (step === killed && done >= 500) throw new Error('killed') }
      }), { code: 'FST_TENANCY_LIFECYCLE_FAILED' })
    }
    const [left] = await admin`select count(*)::int as tables from pg_class where relnamespace = 'tenant_acme'::regnamespace and relkind = 'r'`
    t.ok(left?.['tables'] > 0 && left?.['tables'] < TABLES, `${String(left?.['tables'])} tables are left`)
    const started = performance.now()
    t.match(await deleteTenant(config, acme), { status: 'deleted' })
    t.comment(`the rest took ${Math.round(performance.now() - started)} ms`)
    t.equal((await admin`select from pg_namespace where nspname = 'tenant_acme'`).count, 0)
    t.equal((await admin`select from "tenant_globex".deals`).count, 1)
    t.match([...await admin`select (record::jsonb ->> 'rows')::int as rows, (select count(*)::int from jsonb_object_keys(record::jsonb -> 'tables')) as tables from zakops_tenancy.deletions`],
      [{ rows: 11, tables: TABLES + 1 }], 'and the proof has what there was before the first of them')
  })
})

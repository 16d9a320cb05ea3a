import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { moveTenant, undoMove } from '../../lib/operations/moves/index.ts'
import { migrateTenants } from '../../lib/operations/fleet/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { keepDrawing, moveUntil, movingScene, remains } from '../support/moving.ts'

const acme = parseTenantId('acme')
const TO_OTHER = { to: { isolation: 'schema+rls', server: 'other' } } as const

t.test('triggers of the tenant\'s tables', async (t) => {
  const scene = await movingScene(t)
  const place = await scene.seed('acme', { isolation: 'schema+rls' })
  writeFileSync(join(scene.config.migrations ?? '', 'tenant', '002-doubled.sql'), `
    create function count_up () returns trigger language plpgsql as $$ begin new.amount := new.amount + 1; return new; end $$;
    create trigger counted before insert on entries for each row execute function count_up();
    create trigger quiet before insert on entries for each row execute function count_up();
    alter table entries disable trigger quiet;`)
  await migrateTenants(scene.config)
  await scene.asTenant('acme', (tx) => tx`insert into entries (id, account, amount) select gen_random_uuid(), min(id), 100 from accounts`)
  const before = await scene.books('acme')
  await moveTenant(scene.config, acme, TO_OTHER)
  t.same(await scene.books('acme'), before, 'do not run for rows that are copied')
  await scene.asTenant('acme', (tx) => tx`insert into entries (id, account, amount, note) select gen_random_uuid(), min(id), 100, 'after' from accounts`)
  t.same(await scene.asTenant('acme', async (tx) => [...await tx`select amount from entries where note = 'after'`]), [{ amount: 101 }], 'and are there afterwards as they were, on or off')
  t.equal(place.schema, 'tenant_acme')
})

t.test('no number of a sequence is given out twice, whoever draws without writing while the tenant moves', async (t) => {
  const scene = await movingScene(t)
  for (const [id, isolation] of [['acme', 'schema+rls'], ['globex', 'rls'], ['initech', 'database']] as const) {
    await scene.seed(id, { isolation: 'schema' })
    const drawing = keepDrawing(scene, id)
    await moveTenant(scene.config, parseTenantId(id), { to: { isolation, server: 'other' } })
    const before = drawing.numbers.length
    while (drawing.numbers.length < before + 20) await new Promise((resolve) => { setTimeout(resolve, 20) })
    await drawing.stop()
    const twice = drawing.numbers.filter((number, at) => drawing.numbers.indexOf(number) < at)
    t.same(twice, [], `to ${isolation}, of ${drawing.numbers.length}`)
    t.match(await scene.tenant(id), { isolation, server: 'other' })
    t.ok(before > 20, 'and it drew while it moved')
  }
})

t.test('a table without a primary key is what it is at the switch, with rows that are twice there', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('acme', { isolation: 'rls' })
  await scene.seed('globex', { isolation: 'rls' })
  const globex = await scene.books('globex')
  await moveUntil(t, scene, TO_OTHER, 'catching-up')
  await scene.asTenant('acme', async (tx) => {
    await tx`delete from marks where said is null`
    await tx`update marks set said = 'changed' where said = 'acme'`
    await tx`insert into marks (said) values ('new'), ('new')`
  })
  await moveTenant(scene.config, acme, {})
  const { marks } = await scene.books('acme')
  t.same(marks?.map((mark) => JSON.parse(mark).said), ['changed', 'new', 'new', 'twice', 'twice'])
  t.same(await scene.books('globex'), globex)
})

t.test('changes that were copied are forgotten, so that the next round has only what is new', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('acme', { isolation: 'schema+rls' })
  await moveUntil(t, scene, { to: { isolation: 'rls', server: 'other' } }, 'catching-up')
  const noted = async (): Promise<unknown> => (await scene.admin`select count(*)::int as n from zakops_tenancy.move_changes`)[0]?.['n']
  t.equal(await noted(), 0)
  await scene.asTenant('acme', (tx) => tx`update entries set note = 'changed'`)
  t.equal(await noted(), 20, 'a row is noted once for each change')
  await moveUntil(t, scene, {}, 'catching-up')
  t.equal(await noted(), 0)
  await moveTenant(scene.config, acme, {})
  t.ok((await scene.books('acme'))['entries']?.every((entry) => JSON.parse(entry).note === 'changed'))
})

t.test('a migration while a tenant moves makes the move fail before the switch, and nothing is lost', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('acme', { isolation: 'schema+rls' })
  await moveUntil(t, scene, TO_OTHER, 'catching-up')
  writeFileSync(join(scene.config.migrations ?? '', 'tenant', '002-color.sql'), "alter table entries add column color text not null default 'red';")
  await migrateTenants(scene.config)
  const before = await scene.books('acme')
  await t.rejects(moveTenant(scene.config, acme, {}), { code: 'FST_TENANCY_TRANSFER_MISMATCH' })
  t.match(await scene.tenant('acme'), { isolation: 'schema+rls', server: 'default' })
  await t.resolves(scene.asTenant('acme', (tx) => tx`insert into marks (said) values ('on')`), 'it is served where it was')
  await undoMove(scene.config, acme)
  t.same(await remains(scene), [])
  await moveTenant(scene.config, acme, TO_OTHER)
  t.same((await scene.books('acme'))['entries'], before['entries'], 'with its new column')
})

t.test('a connection that held the fence and was lost lets writes through, and nothing is switched', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('acme', { isolation: 'schema+rls' })
  await moveUntil(t, scene, TO_OTHER, 'catching-up')
  const blocked = await scene.other.admin.reserve()
  await blocked`begin`
  await blocked.unsafe('lock table tenant_acme.marks in access exclusive mode')
  const move = moveTenant(scene.config, acme, {})
  move.catch(() => {})
  // The fence is the one exclusive lock beside those of the move and of migrations that waits for nobody, while the copy waits.
  const waiting = async (): Promise<boolean> => (await scene.other.admin`select from pg_locks where not granted`).count > 0
  for (let tries = 0; tries < 200 && !await waiting(); tries++) await new Promise((resolve) => { setTimeout(resolve, 50) })
  const killed = await scene.admin`
    select pg_terminate_backend(a.pid) from pg_stat_activity a
    where a.usename = ${scene.ownerRole} and a.state = 'idle in transaction'
      and exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory' and l.mode = 'ExclusiveLock')`
  t.equal(killed.count, 1)
  await scene.asTenant('acme', (tx) => tx`insert into marks (said) values ('let through')`)
  await blocked`commit`
  blocked.release()
  await t.rejects(move, { code: 'FST_TENANCY_MOVE_INTERRUPTED' })
  t.match(await scene.tenant('acme'), { server: 'default' })
  await moveTenant(scene.config, acme, {})
  t.ok((await scene.books('acme'))['marks']?.some((mark) => mark.includes('let through')))
})

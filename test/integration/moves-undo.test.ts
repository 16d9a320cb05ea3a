import t from 'tap'
import { confirmTenantMove, moveTenant, undoMove } from '../../lib/operations/moves/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { moveUntil, movingScene, remains } from '../support/moving.ts'

const acme = parseTenantId('acme')
const TO_OTHER = { to: { isolation: 'schema+rls', server: 'other' } } as const

t.test('a move that has switched is undone with all that was written since', async (t) => {
  const scene = await movingScene(t)
  for (const [from, to] of [['rls', 'schema+rls'], ['schema+rls', 'rls']] as const) {
    const id = `back-${to.replace('+', '-')}`
    await scene.seed(id, { isolation: from })
    await moveTenant(scene.config, parseTenantId(id), { to: { isolation: to, server: 'other' } })
    await scene.asTenant(id, async (tx) => {
      await tx`insert into accounts (slug) values ('since')`
      await tx`delete from entries where amount > 10`
    })
    const books = await scene.books(id)
    t.match(await undoMove(scene.config, parseTenantId(id)), { outcome: 'undone' })
    t.match(await scene.tenant(id), { isolation: from, server: 'default' })
    t.same(await scene.books(id), books)
    t.same([books['entries']?.length, books['accounts']?.length], [10, 4])
  }
  t.same(await remains(scene), [])
})

t.test('what a tenant left is kept until it is confirmed, and is nobody\'s to read', async (t) => {
  const scene = await movingScene(t)
  const left = await scene.seed('acme', { isolation: 'schema+rls' })
  await moveTenant(scene.config, acme, TO_OTHER)
  const rowsLeft = async (): Promise<unknown> => (await scene.admin.unsafe('select count(*)::int as n from tenant_acme.entries'))[0]?.['n']
  t.equal(await rowsLeft(), 20)
  await t.rejects(scene.asAt(left, (tx) => tx`select * from entries`), { code: '42P01' })
  await t.rejects(moveTenant(scene.config, acme, { to: { isolation: 'rls', server: 'default' } }), { code: 'FST_TENANCY_MOVE_REFUSED' }, 'nor in the way of another move')
  await confirmTenantMove(scene.config, acme)
  await t.rejects(rowsLeft(), { code: '42P01' })
  t.match(await moveTenant(scene.config, acme, { to: { isolation: 'rls', server: 'default' }, keepSource: false }), { outcome: 'confirmed' })
  t.same(await remains(scene), [])
  t.equal((await scene.books('acme'))['entries']?.length, 20)
  t.same(await scene.asTenant('acme', async (tx) => [...await tx`select nextval('invoice_numbers')::int as n`]), [{ n: 8 }], 'sequences go on where they were')
})

t.test('a move that is refused while it copies leaves nothing, and is in the way of nothing', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('acme', { isolation: 'schema+rls' })
  const schemas = async (): Promise<unknown> => [...await scene.other.admin`select nspname from pg_namespace where nspname = 'tenant_acme'`]
  // A table that no migration makes is nowhere else.
  await scene.admin.unsafe('create table tenant_acme.stray (id int primary key)')
  const before = await scene.books('acme')
  await t.rejects(moveTenant(scene.config, acme, TO_OTHER), { code: 'FST_TENANCY_TRANSFER_MISMATCH' })
  t.same(await remains(scene), [])
  t.same(await schemas(), [])
  await moveUntil(t, scene, TO_OTHER, 'copying')
  t.match(await remains(scene), [{}], 'what was only interrupted stays a move to go on with')
  await t.rejects(moveTenant(scene.config, acme, {}), { code: 'FST_TENANCY_TRANSFER_MISMATCH' })
  t.same([await remains(scene), await schemas()], [[], []])
  t.same(await scene.books('acme'), before)
  await scene.admin.unsafe('drop table tenant_acme.stray')
  t.match(await moveTenant(scene.config, acme, { to: { isolation: 'rls', server: 'other' } }), { outcome: 'switched' }, 'to another place too')
})

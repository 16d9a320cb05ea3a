import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type MoveTarget, confirmTenantMove, moveTenant } from '../../lib/operations/moves/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { type MovingScene, moveUntil, movingScene } from '../support/moving.ts'
import { keepServing, servingTenancy, timesBetween } from '../support/moving-load.ts'

const acme = parseTenantId('acme')
const MOVED = { code: 'FST_TENANCY_MOVE_TENANT_MOVED', statusCode: 503 }

/** Nobody hears of changes of the registry, as behind a pooler: only the error itself says it, for as long as answers are believed. */
async function beSilent ({ admin }: MovingScene): Promise<void> {
  await admin.unsafe('alter table zakops_tenancy.tenants disable trigger user')
}

/** Begins a move, interrupts it, and leaves a transaction open that has written, or drawn a number: all of it has to be copied before the switch. */
async function holdOpen (t: Pick<Test, 'rejects'>, scene: MovingScene, to: MoveTarget = { isolation: 'schema+rls', server: 'other' }, text = "insert into marks (said) values ('held')"): Promise<{ readonly held: Promise<unknown>, readonly close: () => void }> {
  await moveUntil(t, scene, { to }, 'catching-up')
  let close = (): void => {}
  const closed = new Promise<void>((resolve) => { close = resolve })
  let wrote = (): void => {}
  const written = new Promise<void>((resolve) => { wrote = resolve })
  const held = scene.asTenant('acme', async (tx) => {
    await tx.unsafe(text)
    wrote()
    await closed
  })
  await Promise.race([written, held])
  return { held, close: () => close() }
}

for (const from of ['rls', 'schema', 'schema+rls', 'database'] as const) {
  t.test(`whoever still believes that a tenant is where it was (${from}) is refused with a typed error, and is right at the next try`, async (t) => {
    const scene = await movingScene(t)
    await scene.seed('globex', { isolation: 'rls' })
    await scene.seed('acme', { isolation: from })
    await beSilent(scene)
    const tenancy = await servingTenancy(t, scene, { registryCacheMs: 60_000 })
    const { sql } = tenancy
    const as = async <T>(fn: () => PromiseLike<T>): Promise<T> => await tenancy.runWithTenant('acme', async () => await fn())
    const add = (): Promise<unknown> => as(() => sql`insert into marks (said) values ('new') returning said`)
    await add()
    const before = await scene.books('globex')

    // Each of these contexts is entered before the move, and sends after it.
    let go = (): void => {}
    const moved = new Promise<void>((resolve) => { go = resolve })
    const waiting = [
      as(async () => { await moved; await sql`insert into marks (said) values ('late')` }),
      as(async () => { await moved; await sql`update entries set amount = 0` }),
      as(async () => { await moved; await sql`delete from marks` }),
      as(async () => await sql.begin(async (tx) => { await moved; await tx`insert into marks (said) values ('late')` })),
      as(async () => await sql.begin('isolation level repeatable read', async (tx) => {
        await tx`select count(*) from entries`
        await moved
        await tx`insert into marks (said) values ('late')`
      }))
    ]
    for (const each of waiting) each.catch(() => {})
    await sleep(200)
    await moveTenant(scene.config, acme, { to: { isolation: 'schema+rls', server: 'other' } })
    go()
    for (const [number, each] of waiting.entries()) await t.rejects(each, MOVED, `write ${number}`)
    await t.resolves(add(), 'the next context is where the tenant is')
    t.same(await as(async () => [...await sql`select said from marks where said in ('late', 'new')`]), [{ said: 'new' }, { said: 'new' }])
    t.same(await scene.books('globex'), before)
    if (from !== 'rls') return
    await confirmTenantMove(scene.config, acme)
    await t.resolves(add())
  })
}

t.test('where a place was a tenant\'s alone, a late read gets nothing old: it is refused with the typed error, and is right at the next try', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('acme', { isolation: 'schema' })
  await beSilent(scene)
  const tenancy = await servingTenancy(t, scene, { registryCacheMs: 60_000 })
  const read = (): Promise<unknown> => tenancy.runWithTenant('acme', async () => [...await tenancy.sql`select count(*)::int as n from entries`])
  t.same(await read(), [{ n: 20 }])
  await moveTenant(scene.config, acme, { to: { isolation: 'rls', server: 'other' } })
  await scene.asTenant('acme', (tx) => tx`delete from entries where amount > 10`)
  await t.rejects(read(), MOVED)
  t.same(await read(), [{ n: 10 }])
  await t.rejects(tenancy.runWithTenant('acme', async () => [...await tenancy.sql`select * from nowhere`]), { code: '42P01' }, 'a table that is nowhere is still missing')
})

t.test('a transaction that stays open has the move wait, the tenant goes on meanwhile, and others notice nothing', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('acme', { isolation: 'rls' })
  await scene.seed('globex', { isolation: 'rls' })
  const tenancy = await servingTenancy(t, scene)
  const others = keepServing(tenancy, 'globex', { writers: 1 })
  const load = keepServing(tenancy, 'acme', { writers: 1, pauseMs: 20 })
  await sleep(300)
  const { held, close } = await holdOpen(t, scene)
  const steps: string[] = []
  const move = moveTenant(scene.config, acme, { onProgress: ({ step }) => { steps.push(step) } })
  const began = performance.now()
  while (steps.filter((step) => step === 'catching-up').length < 4) await sleep(50)
  t.match(await scene.tenant('acme'), { isolation: 'rls', server: 'default' }, 'it has not switched')
  close()
  await held
  const { pauseMs } = await move
  const ended = performance.now()
  const [own, other] = [await load.stop(), await others.stop()]
  t.ok(own.writes.filter((write) => write.began > began && write.began < ended - 500).length > 3, 'the tenant went on writing while the move waited')
  const { most } = timesBetween(other.writes, began, ended)
  t.comment(`pause ${pauseMs.toFixed(0)} ms; of ${(ended - began).toFixed(0)}; slowest write of the tenant ${timesBetween(own.writes, began, ended).most.toFixed(0)} ms, of another ${most.toFixed(0)} ms`)
  t.same([own.errors, other.errors, other.refused], [[], [], 0])
  t.ok(most < (ended - began) / 3, 'nobody else waited for that transaction')
  t.same(await scene.asTenant('acme', async (tx) => [...await tx`select said from marks where said = 'held'`]), [{ said: 'held' }])
})

t.test('a transaction that stays open for too long, though it has only drawn a number, has the move give up, and go on later', async (t) => {
  const scene = await movingScene(t, { timeouts: { transaction: 2_500 } })
  await scene.seed('acme', { isolation: 'schema+rls' })
  const { held, close } = await holdOpen(t, scene, { isolation: 'rls', server: 'other' }, "select nextval('invoice_numbers')")
  await t.rejects(moveTenant(scene.config, acme, {}), { code: 'FST_TENANCY_MOVE_BUSY' })
  t.match(await scene.tenant('acme'), { isolation: 'schema+rls', server: 'default' })
  await t.resolves(scene.asTenant('acme', (tx) => tx`insert into marks (said) values ('after')`), 'the tenant is served where it was')
  close()
  await held
  t.match(await moveTenant(scene.config, acme, {}), { outcome: 'switched' })
  t.match(await scene.books('acme'), { marks: { length: 5 } })
})

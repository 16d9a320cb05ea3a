import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { requireTenant } from '../../lib/index.ts'
import { moveTenant, undoMove } from '../../lib/operations/moves/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { moveUntil, movingScene } from '../support/moving.ts'
import { testTenancy } from '../support/tenancy.ts'

const acme = parseTenantId('acme')

t.test('nobody waits behind a statement of a tenant that moves', async (t) => {
  const { sql, as, admin, tenancy } = await testTenancy(t, { isolation: 'rls', lanes: { max: 3 }, registryCacheMs: 60_000 })
  /** Has a write of acme wait for a lock, and returns how many connections somebody has alone meanwhile, and who is answered in which order. */
  const whileAcmeWaits = async (): Promise<{ readonly alone: number, readonly answered: readonly string[] }> => {
    const answered: string[] = []
    const asked: Promise<unknown>[] = []
    let alone = 0
    await admin.begin(async (tx) => {
      await tx`select from shared.docs where tenant_id = 'acme' for update`
      asked.push(
        as('acme', () => sql`update docs set body = body || '!'`).then(() => answered.push('acme')),
        as('globex', () => sql`select body from docs`).then(() => answered.push('globex')))
      await sleep(500)
      alone = (await tenancy.stats()).lanes.connections.alone
      answered.push('the lock is let go')
    })
    await Promise.all(asked)
    return { alone, answered }
  }
  const setMoving = async (isMoving: boolean): Promise<void> => {
    await admin`update zakops_tenancy.tenants set moving = ${isMoving} where id = 'acme'`
    while (await as('acme', () => requireTenant().isMoving) !== isMoving) await sleep(20)
  }
  t.equal((await whileAcmeWaits()).alone, 0, 'as a rule its connection takes statements of others too')
  await setMoving(true)
  t.same(await whileAcmeWaits(), { alone: 1, answered: ['globex', 'the lock is let go', 'acme'] }, 'nobody else is on the connection of one that moves')
  await setMoving(false)
  t.equal((await whileAcmeWaits()).alone, 0, 'when it has moved it shares again')
})

t.test('everybody knows that a tenant moves before its writes wait, and until it has moved', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('globex', { isolation: 'rls' })
  await scene.seed('acme', { isolation: 'rls' })
  const to = { isolation: 'schema+rls', server: 'other' } as const
  const known: unknown[] = []
  await scene.admin.listen('zakops_tenancy_registry', () => known.push('told'))
  const isMoving = async (): Promise<boolean> => (await scene.tenant('acme')).isMoving

  await moveUntil(t, scene, { to }, 'switching')
  t.equal(await isMoving(), true, 'it may be fenced off')
  t.ok(known.length > 0)
  t.equal((await scene.tenant('globex')).isMoving, false)
  await undoMove(scene.config, acme)
  t.equal(await isMoving(), false, 'the move was undone')

  await moveUntil(t, scene, { to }, 'copying')
  t.equal(await isMoving(), false, 'while rows are copied no write waits')
  await moveTenant(scene.config, acme, {})
  t.equal(await isMoving(), false, 'it has moved')
})

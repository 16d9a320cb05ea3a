import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { keepBusy } from '../../examples/adopt/load.ts'
import { openService } from '../../examples/adopt/service.ts'
import { type AdoptionOptions, type AdoptionPlan, type AdoptionTarget, enforceAdoption, shadowAdoption, stampAdoption, undoWhole } from '../../lib/operations/adoption/index.ts'
import { ADOPTED_MIGRATIONS, type AdoptingScene, adoptAndDie, adoptingScene, definitions, missing } from '../support/adopting.ts'

async function sceneFor (t: Test, target: AdoptionTarget): Promise<AdoptingScene> {
  return await adoptingScene(t, { rows: 50, hasViews: true, options: target === 'rls' ? {} : { migrations: ADOPTED_MIGRATIONS } })
}

/** Makes a step end after its n-th change; false where it has fewer. */
async function interruptedAt (n: number, step: (options: AdoptionOptions) => Promise<unknown>): Promise<boolean> {
  let seen = 0
  const interruption = new Error('interrupted by the test')
  return await step({ onProgress () { if (++seen === n) throw interruption } }).then(() => false, (error: unknown) => {
    if (error instanceof Error && error.cause === interruption) return true
    throw error
  })
}

function steps ({ config }: AdoptingScene, plan: AdoptionPlan): Readonly<Record<'stamp' | 'enforce' | 'undo', (options: AdoptionOptions) => Promise<unknown>>> {
  return {
    stamp: async (options) => await stampAdoption(config, plan, options),
    enforce: async (options) => await enforceAdoption(config, 'zakops', options),
    undo: async (options) => await undoWhole(config, 'zakops', options)
  }
}

for (const target of ['schema+rls', 'rls'] as const) {
  t.test(`interrupted anywhere on the way to ${target}, a step goes on, or back to what was`, async (t) => {
    const scene = await sceneFor(t, target)
    const plan = await scene.plan(target)
    const original = await definitions(scene)
    const { stamp, enforce, undo } = steps(scene, plan)
    let interruptions = 0
    for (let n = 1; await interruptedAt(n, stamp); n += 3) {
      await undoWhole(scene.config, 'zakops')
      t.same(await definitions(scene), original, `stamp, ended after ${n} changes`)
      interruptions++
    }
    for (let n = 7; await interruptedAt(n, enforce); n += 2) {
      await t.rejects(stampAdoption(scene.config, { ...plan, tenant: 'other' }), { code: 'FST_TENANCY_ADOPTION_REFUSED' }, 'another plan is refused meanwhile')
      await undoWhole(scene.config, 'zakops')
      t.same(await definitions(scene), original, `enforce, ended after ${n} changes`)
      await stampAdoption(scene.config, plan)
      interruptions++
    }
    t.match(await enforceAdoption(scene.config, 'zakops'), { stage: 'enforced', locks: [] }, 'what is done is not done again')
    for (let n = 1; await interruptedAt(n, undo); n += 4) interruptions++
    t.same(await definitions(scene), original, 'and an undo that is interrupted again and again gets there')
    t.ok(interruptions > 8, `it was interrupted ${interruptions} times`)
  })
}

t.test('processes that are killed, while the service writes, lose no row of it and refuse none', async (t) => {
  const scene = await sceneFor(t, 'rls')
  const plan = await scene.plan('rls')
  const service = openService(scene.oldUrl, true)
  t.teardown(service.close)
  const load = keepBusy(service, { writers: 1, pauseMs: 20 })
  await sleep(200)
  t.equal(await adoptAndDie(scene, 'stamp', plan, 9), 'SIGKILL')
  t.match(await stampAdoption(scene.config, plan), { stage: 'stamped' })
  t.same((await shadowAdoption(scene.config, 'zakops')).differences, [])
  t.equal(await adoptAndDie(scene, 'enforce', plan, 12), 'SIGKILL')
  t.match(await enforceAdoption(scene.config, 'zakops'), { stage: 'enforced' })
  const { acknowledged, failures } = await load.stop()
  t.same(failures, [])
  t.ok(acknowledged.length > 10)
  t.same(await missing(scene, 'zakops', acknowledged), [])
})

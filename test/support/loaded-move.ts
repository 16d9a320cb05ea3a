import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { IsolationStrategyName } from '../../lib/index.ts'
import { checkBooks, movingScene, remains } from './moving.ts'
import { keepServing, servingTenancy, timesBetween } from './moving-load.ts'

const QUIET_MS = 1_500

/** Moves a tenant to another server while one process serves it and others, and another process moves it. */
export function testLoadedMove (t: Test, from: IsolationStrategyName, to: IsolationStrategyName): void {
  t.test(`from ${from} to ${to} on another server, every acknowledged write is there once, and nobody else waits`, async (t) => {
    const scene = await movingScene(t)
    await scene.seed('globex', { isolation: from })
    await scene.seed('initech', { isolation: to === 'database' ? 'rls' : to, server: 'other' })
    await scene.seed('acme', { isolation: from }, 1_000)
    const tenancy = await servingTenancy(t, scene)
    const operator = await servingTenancy(t, scene)
    const acme = keepServing(tenancy, 'acme')
    const others = [keepServing(tenancy, 'globex', { writers: 1 }), keepServing(tenancy, 'initech', { writers: 1 })]
    const began = performance.now()
    await sleep(QUIET_MS)
    const moving = performance.now()
    const { pauseMs } = await operator.move('acme', { to: { isolation: to, server: 'other' } })
    const moved = performance.now()
    await sleep(500)
    const load = await acme.stop()
    const [globex, initech] = await Promise.all(others.map((each) => each.stop()))
    if (globex === undefined || initech === undefined) throw new Error('two loads were begun')

    const elsewhere = [...globex.writes, ...initech.writes]
    const [quiet, during] = [timesBetween(elsewhere, began, moving), timesBetween(elsewhere, moving, moved)]
    t.comment(`${from} to ${to}: pause ${pauseMs.toFixed(0)} ms; move ${(moved - moving).toFixed(0)} ms; slowest write ${timesBetween(load.writes, moving, moved).most.toFixed(0)} ms; ` +
      `${load.refused} refused, for ${load.refusedFor.toFixed(0)} ms at most; ${load.acknowledged.length} writes; ` +
      `others p99 ${quiet.p99.toFixed(0)} -> ${during.p99.toFixed(0)} ms, most ${quiet.most.toFixed(0)} -> ${during.most.toFixed(0)} ms of ${during.count}`)

    t.match(await scene.tenant('acme'), { isolation: to, server: 'other' })
    for (const [id, { acknowledged, errors, reads }] of [['acme', load], ['globex', globex], ['initech', initech]] as const) {
      t.same(errors, [], `${id} sees no other error than that it has moved`)
      t.ok(acknowledged.length > 50 && reads > 20, `${id} had a load`)
      await checkBooks(t, scene, id, acknowledged)
    }
    t.equal(load.refusals, 1, 'writes met the switch, and each was taken at the next try')
    t.equal(globex.refused + initech.refused, 0)
    t.ok(pauseMs > 0)
    await operator.moveConfirm('acme')
    t.same(await remains(scene), [])
    await checkBooks(t, scene, 'acme', load.acknowledged)
    await checkBooks(t, scene, 'globex', globex.acknowledged)
  })
}

import t from 'tap'
import { moveTenant } from '../../lib/operations/moves/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { movingScene } from '../support/moving.ts'

const ISOLATIONS = ['schema+rls', 'schema', 'rls', 'database'] as const

t.test('a tenant moves with all its rows', async (t) => {
  const scene = await movingScene(t)
  const { config, seed, books } = scene
  await seed('globex', { isolation: 'rls' })
  await seed('initech', { isolation: 'rls', server: 'other' })
  const others = [await books('globex'), await books('initech')]
  for (const from of ISOLATIONS) {
    for (const to of ISOLATIONS) {
      await t.test(`from ${from} to ${to} on another server, and nobody else's`, async (t) => {
        const id = `t-${from.replace('+', '-')}-${to.replace('+', '-')}`
        await seed(id, { isolation: from })
        const before = await books(id)
        const report = await moveTenant(config, parseTenantId(id), { to: { isolation: to, server: 'other' } })
        t.match(report, { outcome: 'switched', from: { isolation: from, server: 'default' }, to: { isolation: to, server: 'other' } })
        t.match(await scene.tenant(id), { isolation: to, server: 'other', status: 'active' })
        t.same(await books(id), before)
        t.equal(before['entries']?.length, 20)
        t.ok((await scene.asTenant(id, async (tx) => [...await tx`insert into accounts (slug) values ('new') returning id`])).length, 'an identity goes on where it was')
        t.same([await books('globex'), await books('initech')], others)
      })
    }
  }
})

import t from 'tap'
import { Recent } from '../../../../lib/data/registry/recent.ts'

t.test('Recent', async (t) => {
  t.test('drops what was used longest ago', async (t) => {
    const recent = new Recent<number>(60_000, 2)
    for (const [key, value] of [['a', 1], ['b', 2]] as const) recent.set(key, value, performance.now())
    t.equal(recent.get('a'), 1)
    recent.set('c', 3, performance.now())
    t.same([recent.get('a'), recent.get('b'), recent.get('c'), recent.size], [1, undefined, 3, 2])
  })

  t.test('believes nothing that was asked for too long ago', async (t) => {
    const recent = new Recent<number>(1_000, 2)
    recent.set('fresh', 1, performance.now() - 500)
    recent.set('stale', 2, performance.now() - 1_001)
    t.same([recent.get('fresh'), recent.get('stale'), recent.size], [1, undefined, 1])
  })

  t.test('forgets what is deleted', async (t) => {
    const recent = new Recent<number>(1_000, 2)
    recent.set('a', 1, performance.now())
    recent.delete('a')
    t.equal(recent.get('a'), undefined)
  })
})

import t from 'tap'
import { Recent } from '../../../../lib/data/registry/recent.ts'

interface Entry {
  readonly value: number
  readonly since: number
}

const valueOf = (recent: Recent<Entry>, key: string): number | undefined => recent.get(key, performance.now())?.value

t.test('Recent', async (t) => {
  t.test('drops what was used longest ago', async (t) => {
    const recent = new Recent<Entry>(60_000, 2)
    for (const [key, value] of [['a', 1], ['b', 2]] as const) recent.set(key, { value, since: performance.now() })
    t.equal(valueOf(recent, 'a'), 1)
    recent.set('c', { value: 3, since: performance.now() })
    t.same([valueOf(recent, 'a'), valueOf(recent, 'b'), valueOf(recent, 'c'), recent.size], [1, undefined, 3, 2])
  })

  t.test('believes nothing that was asked for too long ago', async (t) => {
    const recent = new Recent<Entry>(1_000, 2)
    recent.set('fresh', { value: 1, since: performance.now() - 500 })
    recent.set('stale', { value: 2, since: performance.now() - 1_001 })
    t.same([valueOf(recent, 'fresh'), valueOf(recent, 'stale'), recent.size], [1, undefined, 1])
  })

  t.test('forgets what is deleted', async (t) => {
    const recent = new Recent<Entry>(1_000, 2)
    recent.set('a', { value: 1, since: performance.now() })
    recent.delete('a')
    t.equal(valueOf(recent, 'a'), undefined)
  })
})

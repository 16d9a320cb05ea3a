import t from 'tap'
import { OneByOne, type Step } from '../../../../lib/data/client/one-by-one.ts'

t.test('steps run one after the other', async (t) => {
  t.test('the first one at once, the next when it is done', async (t) => {
    const steps = new OneByOne()
    const seen: string[] = []
    const ends: Array<() => void> = []
    const step = (name: string): Step => (done) => {
      seen.push(name)
      ends.push(done)
    }
    steps.add(step('a'))
    steps.add(step('b'))
    t.same(seen, ['a'])
    ends.shift()?.()
    t.same(seen, ['a', 'b'])
  })

  t.test('and who waits for them waits for those that were added so far', async (t) => {
    const steps = new OneByOne()
    const ends: Array<() => void> = []
    let isDrained = false
    steps.add((done) => { ends.push(done) })
    const drained = steps.drained().then(() => { isDrained = true })
    steps.add(() => {})
    await Promise.resolve()
    t.notOk(isDrained)
    ends.shift()?.()
    await drained
    t.ok(isDrained)
  })

  t.test('also a hundred thousand that are done at once', async (t) => {
    const steps = new OneByOne()
    const ends: Array<() => void> = []
    let count = 0
    steps.add((done) => { ends.push(done) })
    for (let i = 0; i < 100_000; i++) {
      steps.add((done) => {
        count++
        done()
      })
    }
    ends.shift()?.()
    t.equal(count, 100_000)
  })
})

import t from 'tap'
import { FairQueue } from '../../../../lib/data/lanes/fair-queue.ts'

function drain<T> (queue: FairQueue<T>): T[] {
  const all: T[] = []
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) all.push(next.waiter)
  return all
}

t.test('FairQueue', async (t) => {
  t.test('serves the keys in turn, and each key in its order', async (t) => {
    const queue = new FairQueue<string>()
    for (const waiter of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.push(waiter.charAt(0), waiter)
    t.same(drain(queue), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
  })

  t.test('delays a single waiter behind ten thousand of another key by one', async (t) => {
    const queue = new FairQueue<string>()
    for (let i = 0; i < 10_000; i++) queue.push('busy', `busy ${i}`)
    queue.push('quiet', 'quiet')
    t.same([queue.shift()?.waiter, queue.shift()?.waiter], ['busy 0', 'quiet'])
  })

  t.test('forgets a waiter that gave up, and only that one', async (t) => {
    const queue = new FairQueue<string>()
    for (const waiter of ['a1', 'a2', 'b1']) queue.push(waiter.charAt(0), waiter)
    queue.remove('a', 'a1')
    queue.remove('a', 'never was there')
    queue.remove('z', 'a2')
    t.equal(queue.length, 2)
    t.same(drain(queue), ['a2', 'b1'])
    t.equal(queue.length, 0)
    t.equal(queue.shift(), undefined)
  })

  t.test('forgets a key whose last waiter gave up', async (t) => {
    const queue = new FairQueue<string>()
    queue.push('a', 'a1')
    queue.remove('a', 'a1')
    t.equal(queue.length, 0)
    t.equal(queue.shift(), undefined)
  })

  t.test('passes over a key that may not be served now', async (t) => {
    const queue = new FairQueue<string>()
    for (const waiter of ['a1', 'a2', 'b1']) queue.push(waiter.charAt(0), waiter)
    t.same(queue.shift((key) => key !== 'a'), { key: 'b', waiter: 'b1' })
    t.equal(queue.shift((key) => key !== 'a'), undefined)
    t.equal(queue.length, 2)
  })

  t.test('makes room at the end of the longest line, and none for whoever has the longest', async (t) => {
    const queue = new FairQueue<string>()
    for (const waiter of ['a1', 'a2', 'a3', 'b1']) queue.push(waiter.charAt(0), waiter)
    t.equal(queue.makeRoomFor('a'), undefined)
    t.equal(queue.makeRoomFor('c'), 'a3')
    t.equal(queue.makeRoomFor('b'), 'a2')
    t.equal(queue.makeRoomFor('b'), undefined)
    t.same(drain(queue), ['a1', 'b1'])
  })
})

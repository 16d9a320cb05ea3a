import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDeadline } from '../../../../lib/data/lanes/deadline.ts'

t.test('withDeadline()', async (t) => {
  t.test('returns what settles in time', async (t) => {
    t.equal(await withDeadline(Promise.resolve(1), 1_000, () => new Error('expired')), 1)
    await t.rejects(withDeadline(Promise.reject(new Error('own')), 1_000, () => new Error('expired')), { message: 'own' })
  })

  t.test('rejects and cleans up once when the deadline has passed, whatever comes later', async (t) => {
    let expired = 0
    const late = sleep(30).then(() => { throw new Error('late') })
    await t.rejects(withDeadline(late, 5, () => new Error(`expired ${++expired}`)), { message: 'expired 1' })
    await sleep(40)
    t.equal(expired, 1)
  })

  t.test('leaves no timer behind', async (t) => {
    await withDeadline(Promise.resolve(), 60_000, () => new Error('expired'))
    t.notOk(process.getActiveResourcesInfo().includes('Timeout'))
  })
})

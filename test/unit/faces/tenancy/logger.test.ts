import { once } from 'node:events'
import t from 'tap'
import { processLogger } from '../../../../lib/faces/tenancy/logger.ts'

t.test('processLogger', async (t) => {
  for (const [level, code] of [['warn', 'FST_TENANCY_WARNING'], ['error', 'FST_TENANCY_ERROR']] as const) {
    t.test(`makes a warning of the process out of ${level}`, async (t) => {
      const warned = once(process, 'warning')
      processLogger[level]({ err: new Error('the reason') }, 'something is wrong')
      t.match(await warned, [{ code, message: 'zakops-tenancy: something is wrong: the reason' }])
      const plain = once(process, 'warning')
      processLogger[level]({}, 'something else')
      t.match(await plain, [{ message: 'zakops-tenancy: something else' }])
    })
  }

  t.test('keeps information to itself', async (t) => {
    let warned = 0
    process.once('warning', () => { warned++ })
    processLogger.info({}, 'nothing')
    await new Promise((resolve) => { setImmediate(resolve) })
    t.equal(warned, 0)
  })
})

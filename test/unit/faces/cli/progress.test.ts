import { PassThrough } from 'node:stream'
import t from 'tap'
import { Progress } from '../../../../lib/faces/cli/progress.ts'

t.test('Progress', async (t) => {
  t.test('writes at most one line a second and step to a file, and the last one always', async (t) => {
    const stream = new PassThrough()
    const progress = new Progress(stream)
    for (let done = 1; done <= 1_000; done++) progress.show({ done, total: 1_000, what: 'tenants' })
    progress.show({ done: 0, total: 0, what: 'then\u0007 this' })
    progress.end()
    t.equal(String(stream.read()), '1 of 1000: tenants\n1000 of 1000: tenants\nthen  this\n')
  })

  t.test('moves a bar on a terminal', async (t) => {
    const stream = Object.assign(new PassThrough(), { isTTY: true })
    const progress = new Progress(stream)
    progress.show({ done: 1, total: 2, what: 'tenants' })
    progress.show({ done: 2, total: 2, what: 'tenants' })
    progress.end()
    t.match(String(stream.read()), /█.* 2\/2 tenants/)
  })
})

import t from 'tap'
import { assertDelete, deleteAfterOf } from '../../../../lib/operations/lifecycle/delete-request.ts'

const DAY = 86_400_000

t.test('deleteAfterOf()', async (t) => {
  t.test('gives 30 days where nothing was said, and leaves what was said before', async (t) => {
    const inDays = (at: Date | undefined): number => Math.round(((at?.getTime() ?? 0) - Date.now()) / DAY)
    t.equal(inDays(deleteAfterOf({}, null)), 30)
    t.equal(deleteAfterOf({}, new Date()), undefined)
    t.equal(inDays(deleteAfterOf({ graceMs: 2 * DAY }, new Date())), 2)
  })

  t.test('takes a time as it is, and force as now, whatever was said before', async (t) => {
    const after = new Date('2030-01-01')
    t.equal(deleteAfterOf({ after }, new Date()), after)
    t.same(deleteAfterOf({ force: true, after }, new Date('2040-01-01')), new Date(0))
  })
})

t.test('assertDelete()', async (t) => {
  const problemsOf = (request: object): string => {
    try {
      assertDelete(request)
      return ''
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
  }

  t.test('lets every option through that there is', async (t) => {
    for (const request of [{}, { graceMs: 0 }, { after: new Date() }, { force: true, exportTo: 'a.zip', actor: 'me', before: async () => {}, onProgress: () => {} }]) t.equal(problemsOf(request), '')
  })

  t.test('names each thing that is wrong', async (t) => {
    const wrong: ReadonlyArray<readonly [object, RegExp]> = [
      [[], /takes an object/], [{ grace: 1 }, /grace/], [{ graceMs: -1 }, /graceMs must be/], [{ graceMs: 1.5 }, /graceMs must be/], [{ graceMs: 101 * 366 * DAY }, /graceMs must be/],
      [{ after: 'tomorrow' }, /after must be a Date/], [{ after: new Date(Number.NaN) }, /after must be a Date/], [{ graceMs: 1, after: new Date() }, /two ways/],
      [{ force: 'yes' }, /force must be/], [{ exportTo: '' }, /exportTo must be/], [{ exportTo: 1 }, /exportTo must be/], [{ before: 1 }, /before must be a function/],
      [{ onProgress: {} }, /onProgress must be a function/], [{ actor: 1 }, /actor must be a text/]
    ]
    for (const [request, problem] of wrong) t.match(problemsOf(request), problem)
    t.match(problemsOf({ force: 1, actor: 1 }), /force must be[^]*actor must be/, 'all of them at once')
  })
})

import t from 'tap'
import { Lane } from '../../../../lib/data/lanes/lane.ts'
import type { LaneRoutes } from '../../../../lib/data/lanes/lane-task.ts'
import type { LaneQuery } from '../../../../lib/data/lanes/lane-query.ts'
import { postgresDialect } from '../../../../lib/data/wire/settings-frame.ts'

const never = (): never => { throw new Error('nothing is sent here') }
const ROUTES: LaneRoutes = {
  text: never,
  statement: never,
  isNamed: never,
  describe: never,
  isDescribed: never,
  areTypesKnown: never,
  requireTypes: never,
  isAlone: never,
  takeAlone: never,
  send: never,
  arrived: never,
  append: never,
  pause: never,
  lostError: (_cycle, reason) => reason,
  violated: never
}
const frame = postgresDialect({ isNamed: true }).frameOf({ tenantId: '', searchPath: 'pg_temp', schema: '' })

/** A query that nobody sends, and what its caller would get to see for an error. */
function query (): { readonly query: LaneQuery, judge: (error: unknown) => unknown } {
  const made = {
    judge: (error: unknown) => error,
    query: {
      tagged: true,
      strings: [''],
      args: [],
      options: {},
      handler () {},
      canceller: null,
      resolve () {},
      reject () {},
      execute () {},
      cursor () {},
      abandon () {},
      judgeErrors (judge: (error: unknown) => unknown) { made.judge = judge }
    }
  }
  return made
}

t.test('an error that comes when the lane has the next statement is not told with what that one failed with', async (t) => {
  const lane = new Lane(ROUTES, Buffer.alloc(0), false, () => () => {})
  const [first, second] = [query(), query()]
  const run = ({ query }: typeof first): void => lane.run({ query, frame, share: undefined, isAlone: false, mayControl: false, done () {} })
  const late = new Error('late')
  run(first)
  lane.finished()
  run(second)
  lane.refused(new Error('of the second'))
  t.equal(first.judge(late), late)
  t.match(second.judge(late), { message: 'of the second' })
  t.notOk(lane.isUsable, 'what the driver is up to is not known')
})

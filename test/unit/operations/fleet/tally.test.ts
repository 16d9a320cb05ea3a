import t from 'tap'
import { type MigrateOptions, checkOptions } from '../../../../lib/operations/fleet/options.ts'
import type { Task } from '../../../../lib/operations/fleet/plan.ts'
import { Tally } from '../../../../lib/operations/fleet/tally.ts'
import { HOME } from '../../../../lib/settings/config/index.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'

const task = (number: number): Task => ({
  place: HOME,
  tenants: [{ ...HOME, id: parseTenantId(`t${number}`), name: '', status: 'active', isolation: 'schema', schema: `tenant_t${number}`, migration: '', isMoving: false, createdAt: new Date(0) }]
})

/** How many tenants were finished when a run of a hundred, of which each n-th fails, had enough; undefined if it never had. */
function endOf (options: MigrateOptions, each: number): { readonly finished: number, readonly reason: string } | undefined {
  const tasks = Array.from({ length: 100 }, (_, index) => task(index + 1))
  const tally = new Tally('run', checkOptions(options), { waves: [[], tasks], skipped: [] })
  for (const [index, one] of tasks.entries()) {
    const finished = index + 1
    tally.note(one, { state: finished % each === 0 ? 'failed' : 'done', applied: [], ms: 1, migration: undefined }, false)
    if (tally.stoppedBecause !== undefined) return { finished, reason: tally.stoppedBecause }
  }
  return undefined
}

t.test('a run has had enough', async (t) => {
  t.same(endOf({}, 3), { finished: 20, reason: '6 of the first 20 tenants failed' }, 'when more than a quarter of at least twenty have failed')
  t.equal(endOf({}, 4), undefined, 'and not at a quarter')
  t.same(endOf({ stopAfter: { rate: 0.1 } }, 4), { finished: 20, reason: '5 of the first 20 tenants failed' })
  t.same(endOf({ stopAfter: { failures: 2 } }, 3), { finished: 6, reason: '2 tenants failed' })
  t.equal(endOf({ stopAfter: { failures: 60 } }, 2), undefined, 'a number alone is no rate')
})

t.test('a canary that fails is enough, and a good one is none', async (t) => {
  for (const [isCanary, reason] of [[true, 'a canary failed'], [false, undefined]] as const) {
    const tally = new Tally('run', checkOptions({}), { waves: [[task(1)], []], skipped: [] })
    tally.note(task(1), { state: 'failed', applied: [], ms: 1, migration: undefined }, isCanary)
    t.equal(tally.stoppedBecause, reason)
  }
})

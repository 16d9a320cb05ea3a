import { readMark } from './reads.ts'
import { type Operation, type Stage, isNothing } from './stage.ts'
import { insert } from './writes.ts'

export const SESSIONS: readonly Operation[] = [
  {
    kind: 'reserve and commit',
    run: async (stage) => {
      const reserved = await stage.sql.reserve()
      try {
        await stage.write(2, async () => {
          await reserved`begin`
          for (const row of stage.rows(2)) await insert(reserved, row)
          await readMark(stage, reserved)
          await reserved`commit`
        })
      } finally {
        reserved.release()
      }
    }
  },
  {
    kind: 'reserve and leave',
    run: async (stage) => {
      stage.void()
      const reserved = await stage.sql.reserve()
      try {
        await reserved`begin`
        await insert(reserved, stage.rows(1)[0])
      } finally {
        reserved.release()
      }
    }
  },
  {
    kind: 'leave a setting behind',
    run: async (stage) => await stage.sql.begin(async (tx) => {
      await assertClean(stage, tx)
      await tx`select set_config('soak.left_alone', ${stage.id}, false), pg_advisory_lock(${stage.random.below(1_000_000)})`
    })
  },
  {
    // The text does not show it, so the connection is one that others share.
    kind: 'leave a setting behind in passing',
    run: async (stage) => { await stage.sql`select leave_behind(${stage.id})` }
  },
  {
    kind: 'find a connection clean',
    run: async (stage) => await stage.sql.begin(async (tx) => await assertClean(stage, tx))
  }
]

async function assertClean (stage: Stage, tx: Pick<Stage['sql'], 'unsafe'>): Promise<void> {
  const [row] = await tx.unsafe(`select current_setting('soak.left_alone', true) as alone, current_setting('soak.left_in_passing', true) as passing,
    (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`)
  if (!isNothing(row?.['alone']) || !isNothing(row?.['passing']) || row?.['locks'] !== 0) {
    stage.broken('a connection that somebody has alone is clean', JSON.stringify({ ...row }))
  }
}

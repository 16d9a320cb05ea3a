import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from './errors.ts'
import { readMark } from './reads.ts'
import type { Operation, Stage } from './stage.ts'
import { insert } from './writes.ts'

const ENDED = 'FST_TENANCY_TRANSACTION_ENDED'

export const TRANSACTIONS: readonly Operation[] = [
  {
    kind: 'commit',
    run: async (stage) => await stage.write(4, () => stage.sql.begin(async (tx) => {
      for (const row of stage.rows(4)) {
        await insert(tx, row)
        if (stage.random.below(4) === 0) await readMark(stage, tx)
      }
    }))
  },
  {
    kind: 'roll back',
    run: async (stage) => {
      stage.void()
      await stage.refused(() => stage.sql.begin(async (tx) => {
        await insert(tx, stage.rows(1)[0])
        await readMark(stage, tx)
        throw new Error('given up')
      }), 'given up')
    }
  },
  {
    kind: 'fail inside',
    run: async (stage) => {
      stage.void()
      await stage.refused(() => stage.sql.begin(async (tx) => {
        const [row] = stage.rows(1)
        await insert(tx, row)
        await insert(tx, row)
      }), '23505')
    }
  },
  {
    kind: 'savepoints',
    run: async (stage) => {
      stage.void('-point')
      await stage.write(2, () => stage.sql.begin(async (tx) => {
        const [first, second] = stage.rows(2)
        await insert(tx, first)
        await stage.refused(() => tx.savepoint(async (point) => {
          await insert(point, stage.rows(1, '-point')[0])
          await point`select 1 / ${0}::int`
        }), '22012')
        await tx.savepoint(async (point) => { await insert(point, second) })
      }))
    }
  },
  {
    kind: 'transaction inside a transaction',
    run: async (stage) => await stage.write(2, () => stage.sql.begin(async (tx) => {
      const [first, second] = stage.rows(2)
      await insert(tx, first)
      await sleep(stage.random.below(400))
      await stage.sql.begin(async (inner) => { await insert(inner, second) })
    }))
  },
  {
    // Two that read and write the same: one of them has to be refused, if they meet.
    kind: 'serializable',
    run: async (stage) => { await Promise.all([serializable(stage, '-a'), serializable(stage, '-b')]) }
  },
  {
    kind: 'forgotten awaits',
    run: async (stage) => await stage.write(3, () => stage.sql.begin(async (tx) => {
      await sleep(stage.random.below(150))
      for (const { tenant_id: tenant, id, part, body } of stage.rows(3)) tx`insert into writes (tenant_id, id, part, body) values (${tenant}, ${id}, ${part}, ${body})`.execute()
    }))
  },
  {
    kind: 'forgotten failure',
    run: async (stage) => {
      stage.void()
      await stage.refused(() => stage.sql.begin(async (tx) => {
        await insert(tx, stage.rows(1)[0])
        tx`select 1 / ${0}::int`.execute()
      }), '22012')
    }
  },
  {
    kind: 'handle that was kept',
    run: async (stage) => {
      stage.void('-late')
      let late: () => PromiseLike<unknown> = async () => {}
      await stage.write(1, () => stage.sql.begin(async (tx) => {
        late = () => insert(tx, stage.rows(1, '-late')[0])
        await insert(tx, stage.rows(1)[0])
      }))
      await stage.refused(late, ENDED)
    }
  },
  {
    kind: 'transaction that idles too long',
    run: async (stage) => {
      stage.void()
      let late: unknown
      await stage.refused(() => stage.sql.begin(async (tx) => {
        await insert(tx, stage.rows(1)[0])
        await sleep(1_400)
        late = await Promise.resolve(insert(tx, stage.rows(2)[1])).then(() => 'done', codeOf)
      }), 'FST_TENANCY_SQL_DEADLINE')
      await sleep(400)
      if (late !== ENDED && late !== undefined) stage.broken('a dead handle sends nothing', String(late))
    }
  },
  {
    kind: 'statement in a transaction that cannot be sent',
    run: async (stage) => {
      stage.void()
      await stage.refused(() => stage.sql.begin(async (tx) => {
        await insert(tx, stage.rows(1)[0])
        await tx`select ${new Date(NaN)}::timestamptz`
      }), /Invalid time value/)
    }
  }
]

async function serializable (stage: Stage, suffix: string): Promise<void> {
  await stage.write(1, () => stage.sql.begin('isolation level serializable', async (tx) => {
    await tx`select n from marks where id = ${1}`
    await sleep(40)
    await tx`update marks set n = n + 1 where id = ${1}`
    await insert(tx, stage.rows(1, suffix)[0])
  }), suffix).catch((error: unknown) => {
    if (codeOf(error) !== '40001') throw error
    stage.saw('serialization failure')
  })
}

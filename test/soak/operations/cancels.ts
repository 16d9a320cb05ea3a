import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from './errors.ts'
import { readMark } from './reads.ts'
import type { Operation } from './stage.ts'

const CANCELLED = '57014'

export const CANCELS: readonly Operation[] = [
  {
    kind: 'cancel before it is sent',
    run: async (stage) => {
      stage.void()
      const query = stage.sql`insert into writes (tenant_id, id, part, body) values (${stage.tenant.id}, ${stage.id}, 0, ${stage.tenant.id})`.execute()
      query.cancel()
      await stage.refused(() => query, CANCELLED)
    }
  },
  {
    // Whether it is reached depends on what stands behind it; nobody else may be.
    kind: 'cancel on its way',
    run: async (stage) => {
      const sql = stage.random.below(2) === 0 ? stage.sql : stage.sql.alone
      const query = sql`select pg_sleep(0.15)`.execute()
      setTimeout(() => query.cancel(), 20 + stage.random.below(150))
      await query.catch((error: unknown) => {
        if (codeOf(error) !== CANCELLED) throw error
        stage.saw('cancelled on its way')
      })
    }
  },
  {
    kind: 'cancel in a transaction',
    run: async (stage) => {
      await stage.sql.begin(async (tx) => {
        const query = tx`select pg_sleep(0.2)`.execute()
        setTimeout(() => query.cancel(), 20)
        await query
      }).catch((error: unknown) => { if (codeOf(error) !== CANCELLED) throw error })
    }
  },
  {
    kind: 'cancel late',
    run: async (stage) => {
      const query = stage.sql`select tenant_id, mark, ${stage.id}::text as nonce from marks where id = ${1}`
      stage.own(await query)
      for (let time = 0; time < 3; time++) {
        await sleep(5)
        query.cancel()
      }
      await readMark(stage)
    }
  },
  {
    kind: 'statement that takes too long',
    run: async (stage) => {
      const sql = stage.random.below(2) === 0 ? stage.sql : stage.sql.alone
      await stage.refused(() => sql`select pg_sleep(3)`, 'FST_TENANCY_SQL_DEADLINE')
    }
  }
]

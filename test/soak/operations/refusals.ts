import { readMark } from './reads.ts'
import type { Operation } from './stage.ts'
import { insert } from './writes.ts'

const REFUSED = 'FST_TENANCY_SQL_REFUSED'
const CONTROL = ['commit', 'rollback', 'begin', 'end', 'abort', 'commit and chain', '/* */ commit', 'savepoint x'] as const
const SETTINGS = ['set app.tenant_id = \'soak-a\'', 'set search_path = shared', 'reset all', 'discard all', 'set role postgres', 'do $$ begin commit; end $$'] as const

export const REFUSALS: readonly Operation[] = [
  { kind: 'control in a text', run: async (stage) => await stage.refused(() => stage.sql.unsafe(stage.random.pick(CONTROL)), REFUSED) },
  { kind: 'control in a simple text', run: async (stage) => await stage.refused(() => stage.sql.unsafe(`select 1; ${stage.random.pick(CONTROL)}`).simple(), REFUSED) },
  {
    kind: 'control in a transaction',
    run: async (stage) => {
      stage.void()
      await stage.refused(() => stage.sql.begin(async (tx) => {
        await insert(tx, stage.rows(1)[0])
        await tx.unsafe(stage.random.pick(CONTROL))
      }), REFUSED)
    }
  },
  { kind: 'session settings in a text', run: async (stage) => await stage.refused(() => stage.sql.unsafe(stage.random.pick(SETTINGS)), REFUSED) },
  {
    kind: 'another tenant\'s setting',
    run: async (stage) => {
      await stage.sql`select set_config('app.tenant_id', ${stage.other.id}, ${stage.random.below(2) === 0})`
      await readMark(stage)
    }
  },
  {
    kind: 'another tenant\'s setting in a transaction',
    run: async (stage) => await stage.write(1, () => stage.sql.begin(async (tx) => {
      await tx`select set_config('app.tenant_id', ${stage.other.id}, true), set_config('search_path', ${`"${stage.other.schema}"`}, true)`
      await readMark(stage, tx)
      await insert(tx, stage.rows(1)[0])
    }))
  },
  {
    kind: 'a statement of another tenant',
    run: async (stage) => {
      const query = stage.sql`select tenant_id, mark from marks where id = 1`
      await stage.refused(() => stage.tenancy.runWithoutTenant('soak', () => stage.tenancy.runWithTenant(stage.other.id, async () => await query)), 'FST_TENANCY_CONTEXT_CROSS_TENANT')
    }
  },
  {
    kind: 'a transaction of another tenant',
    run: async (stage) => {
      stage.void()
      await stage.sql.begin(async (tx) => {
        await stage.refused(() => stage.tenancy.runWithoutTenant('soak', () => stage.tenancy.runWithTenant(stage.other.id, async () => await insert(tx, stage.rows(1)[0]))), 'FST_TENANCY_CONTEXT_CROSS_TENANT')
      })
    }
  }
]

import t from 'tap'
import { auditEverywhere } from '../../../lib/operations/audit/index.ts'
import { operationsScene } from '../../support/operations.ts'
import { type PoolMode, startPgBouncer, withoutPgBouncer } from '../../support/pgbouncer.ts'

t.test('the audit probes what stands between', { skip: withoutPgBouncer() }, async (t) => {
  const scene = await operationsScene(t)
  const behind = async (mode: PoolMode, settings: Readonly<Record<string, string>> = {}) => {
    const { through } = await startPgBouncer(t, [scene.appUrl], { mode, size: 1, settings })
    const { findings } = await auditEverywhere(scene.configOf(undefined, { database: through(scene.appUrl) }))
    return findings.filter(({ check }) => check.startsWith('pooler')).map(({ check, severity }) => [check, severity])
  }
  t.same(await behind('transaction'), [['pooler-session-state', 'warning']], 'which hands on what a session has set')
  t.same(await behind('transaction', { server_reset_query: 'DISCARD ALL', server_reset_query_always: '1' }), [], 'or cleans up')
  t.same(await behind('session', { server_reset_query: 'DISCARD ALL' }), [], 'when a client goes')
  t.same(await behind('session', { server_reset_query: '' }), [['pooler-session-state', 'warning']], 'or does not')
  t.same(await behind('statement'), [['pooler-statement-mode', 'fatal']], 'or takes transactions apart')
})

import t from 'tap'
import { createListener } from '../../../../lib/data/channels/listener.ts'
import { Subscriptions } from '../../../../lib/data/channels/subscriptions.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'
import type { Tenant } from '../../../../lib/words/types.ts'

const log = { info () {}, warn () {}, error () {} }
const LIMITS = { channels: 3, channelsOfTenant: 2, listeners: 6, listenersOfTenant: 4 }

function tenant (id: string): Tenant {
  return { id: parseTenantId(id), name: id, status: 'active', isolation: 'schema', schema: `tenant_${id}`, server: 'default', database: null, migration: '', isMoving: false, createdAt: new Date(0) }
}

const [acme, globex, initech] = [tenant('acme'), tenant('globex'), tenant('initech')]
const listener = () => createListener(() => {}, undefined, log)
const subscriptions = (): Subscriptions => new Subscriptions({ admit: async () => acme, log }, LIMITS)

t.test('Subscriptions', async (t) => {
  t.test('have an end for one tenant and for all', async (t) => {
    const all = subscriptions()
    all.add(acme, 'a1', listener())
    const second = listener()
    const subscription = all.add(acme, 'a2', second)
    t.throws(() => all.add(acme, 'a3', listener()), { code: 'FST_TENANCY_SQL_CHANNEL_LIMIT', message: /this tenant/ })
    all.add(globex, 'b1', listener())
    t.throws(() => all.add(initech, 'c1', listener()), { code: 'FST_TENANCY_SQL_CHANNEL_LIMIT', message: /this process/ })
    t.ok(all.remove(subscription, second))
    t.notOk(all.remove(subscription, second), 'and none is counted twice')
    all.add(initech, 'c1', listener())
    t.same(all.names, ['a1', 'b1', 'c1'])
  })

  t.test('count listeners of one channel too', async (t) => {
    const all = subscriptions()
    for (let count = 0; count < 4; count++) all.add(acme, 'a1', listener())
    t.throws(() => all.add(acme, 'a1', listener()), { code: 'FST_TENANCY_SQL_CHANNEL_LIMIT', message: /this tenant/ })
    for (let count = 0; count < 2; count++) all.add(globex, 'b1', listener())
    t.throws(() => all.add(globex, 'b1', listener()), { code: 'FST_TENANCY_SQL_CHANNEL_LIMIT', message: /this process/ })
  })

  t.test('keep nothing of who is gone', async (t) => {
    const all = subscriptions()
    const only = listener()
    all.remove(all.add(acme, 'a1', only), only)
    t.ok(all.isEmpty)
    t.equal(all.find('a1'), undefined)
  })
})

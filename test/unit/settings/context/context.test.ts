import { AsyncResource } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import {
  assertMayEnter, assertSingleCopy, bindToCaller, currentContext, currentTenant, requireTenant, runInContext, runOutsideContext, tenantContext
} from '../../../../lib/settings/context/index.ts'
import { parseTenantId, schemaNameOf } from '../../../../lib/words/names.ts'
import type { Tenant } from '../../../../lib/words/types.ts'

function tenant (text: string): Tenant {
  const id = parseTenantId(text)
  return Object.freeze({ id, name: text, status: 'active', isolation: 'schema+rls', schema: schemaNameOf(id), server: 'default', database: null, migration: '', isMoving: false, createdAt: new Date() })
}

const acme = tenant('acme')
const globex = tenant('globex')

t.test('runInContext()', async (t) => {
  t.test('holds for what is called and for what that awaits', async (t) => {
    const seen = await runInContext(tenantContext(acme), async () => {
      const before = currentTenant()?.id
      await sleep(1)
      return [before, currentTenant()?.id]
    })
    t.same(seen, ['acme', 'acme'])
    t.equal(currentTenant(), undefined, 'and for nothing else')
  })

  t.test('keeps concurrent tenants apart', async (t) => {
    const work = (of: Tenant) => runInContext(tenantContext(of), async () => {
      const seen = new Set<string | undefined>()
      for (let i = 0; i < 20; i++) {
        seen.add(currentTenant()?.id)
        await sleep(Math.random())
      }
      return [...seen]
    })
    t.same(await Promise.all([work(acme), work(globex), work(acme), work(globex)]), [['acme'], ['globex'], ['acme'], ['globex']])
  })
})

t.test('runOutsideContext()', async (t) => {
  t.test('leaves every context, also for what is awaited', async (t) => {
    await runInContext(tenantContext(acme), async () => {
      await runOutsideContext(async () => {
        t.equal(currentTenant(), undefined)
        await sleep(1)
        t.equal(currentContext(), undefined)
      })
      t.equal(currentTenant(), acme, 'and comes back')
    })
  })
})

t.test('tenantContext()', async (t) => {
  t.test('is frozen', async (t) => {
    const context = tenantContext(acme)
    t.ok(Object.isFrozen(context))
    t.notOk(Reflect.set(context, 'tenant', globex))
    t.equal(context.transaction, null)
  })
})

t.test('requireTenant()', async (t) => {
  t.test('returns the tenant, and throws outside', async (t) => {
    t.equal(runInContext(tenantContext(acme), requireTenant), acme)
    t.throws(() => requireTenant(), { code: 'FST_TENANCY_CONTEXT_MISSING' })
    t.throws(() => runInContext(tenantContext(acme), () => runOutsideContext(requireTenant)), { code: 'FST_TENANCY_CONTEXT_MISSING' })
  })
})

t.test('assertMayEnter()', async (t) => {
  t.test('lets in from outside and from the same tenant, and nobody else', async (t) => {
    t.doesNotThrow(() => assertMayEnter(acme))
    t.doesNotThrow(() => runInContext(tenantContext(acme), () => assertMayEnter(tenant('acme'))))
    t.throws(() => runInContext(tenantContext(acme), () => assertMayEnter(globex)), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
  })
})

t.test('bindToCaller()', async (t) => {
  t.test('brings the context of the caller to whoever calls', async (t) => {
    const bound = runInContext(tenantContext(acme), () => bindToCaller((suffix: string) => `${currentTenant()?.id}${suffix}`))
    t.equal(bound('!'), 'acme!')
    t.equal(runInContext(tenantContext(globex), () => bound('?')), 'acme?')
    const outside = bindToCaller(() => currentTenant())
    t.equal(runInContext(tenantContext(globex), outside), undefined, 'no context is a context too')
  })

  t.test('without it, another resource calls in a context of its own', async (t) => {
    const socket = runInContext(tenantContext(globex), () => new AsyncResource('socket'))
    const seen = runInContext(tenantContext(acme), () => socket.runInAsyncScope(() => currentTenant()?.id))
    t.equal(seen, 'globex', 'this is what binding is for')
  })
})

t.test('assertSingleCopy()', async (t) => {
  t.test('is content with one copy', async (t) => {
    t.doesNotThrow(assertSingleCopy)
  })
})

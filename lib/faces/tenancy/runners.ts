import { assertMayEnter, currentContext, runInContext, runOutsideContext, tenantContext } from '../../settings/context/index.ts'
import { operate, refusingSql } from '../../operations/across/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { OptionsInvalidError } from '../../words/errors/index.ts'
import { parseTenantId } from '../../words/names.ts'
import type { Tenant, TenancyLogger } from '../../words/types.ts'
import type { Admission } from './admission.ts'
import type { Tenancy } from './tenancy.ts'

/** Returns the two ways to choose a context by hand. */
export function createRunners ({ admit, recall }: Admission, config: TenancyConfig, log: TenancyLogger): Pick<Tenancy, 'runWithTenant' | 'runWithoutTenant'> {
  return {
    // Not `async`, because each promise between the caller and its statement costs as much as checking a token does.
    runWithTenant (tenantId, fn) {
      try {
        requireFunction(fn, 'runWithTenant(id, fn)')
        const id = parseTenantId(tenantId)
        const tenant = recall(id)
        return tenant === undefined ? admit(id).then((admitted) => enter(admitted, fn)) : enter(tenant, fn)
      } catch (error) {
        return Promise.reject(error)
      }
    },
    async runWithoutTenant (reason, fn, { write = false, actor } = {}) {
      requireFunction(fn, 'runWithoutTenant(reason, fn)')
      if (typeof reason !== 'string' || reason.trim() === '') throw new OptionsInvalidError('- runWithoutTenant needs a reason for the log: runWithoutTenant("nightly report", fn).')
      log.warn({ reason, tenant: currentContext()?.tenant.id }, 'running without a tenant')
      if (config.operatorDatabase === undefined) return await runOutsideContext(async () => await fn(refusingSql()))
      const request = { action: 'runWithoutTenant', actor, details: { reason, write }, mayWrite: write, needsClient: fn.length > 0 }
      return await runOutsideContext(async () => await operate(config, request, async (sql) => await fn(sql ?? refusingSql())))
    }
  }
}

/** Inside the tenant's own context nothing is entered anew: a transaction goes on. */
function enter<T> (tenant: Tenant, fn: () => T | PromiseLike<T>): Promise<T> {
  assertMayEnter(tenant)
  const call = (): Promise<T> => settled(fn())
  return currentContext() === undefined ? runInContext(tenantContext(tenant), call) : call()
}

/** A query returned by `fn` is sent when it is awaited: that has to be inside. A promise of the language is under way already. */
function settled<T> (result: T | PromiseLike<T>): Promise<T> {
  if (result instanceof Promise && Object.getPrototypeOf(result) === Promise.prototype) return result
  return (async () => await result)()
}

function requireFunction (fn: unknown, call: string): void {
  if (typeof fn !== 'function') throw new OptionsInvalidError(`- ${call} needs a function: the code that is to run.`)
}

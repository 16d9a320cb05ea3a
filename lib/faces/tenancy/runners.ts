import { assertMayEnter, currentContext, runInContext, runOutsideContext, tenantContext } from '../../settings/context/index.ts'
import { OptionsInvalidError } from '../../words/errors.ts'
import { parseTenantId } from '../../words/names.ts'
import type { TenancyLogger } from '../../words/types.ts'
import type { Admission } from './admission.ts'
import type { Tenancy } from './tenancy.ts'

/** Returns the two ways to choose a context by hand. */
export function createRunners (admit: Admission, log: TenancyLogger): Pick<Tenancy, 'runWithTenant' | 'runWithoutTenant'> {
  return {
    async runWithTenant (tenantId, fn) {
      requireFunction(fn, 'runWithTenant(id, fn)')
      const id = parseTenantId(tenantId)
      const tenant = await admit(id)
      assertMayEnter(tenant)
      // A query returned by `fn` is sent when it is awaited: that has to be inside.
      const call = async () => await fn()
      // Inside the tenant's own context nothing is entered anew: a transaction goes on.
      return await (currentContext() === undefined ? runInContext(tenantContext(tenant), call) : call())
    },
    async runWithoutTenant (reason, fn) {
      requireFunction(fn, 'runWithoutTenant(reason, fn)')
      if (typeof reason !== 'string' || reason.trim() === '') throw new OptionsInvalidError('- runWithoutTenant needs a reason for the log: runWithoutTenant("nightly report", fn).')
      log.warn({ reason, tenant: currentContext()?.tenant.id }, 'running without a tenant')
      return await runOutsideContext(async () => await fn())
    }
  }
}

function requireFunction (fn: unknown, call: string): void {
  if (typeof fn !== 'function') throw new OptionsInvalidError(`- ${call} needs a function: the code that is to run.`)
}

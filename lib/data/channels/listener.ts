import { bindToCaller, runInContext, tenantContext } from '../../settings/context/index.ts'
import type { Tenant, TenancyLogger } from '../../words/types.ts'

/** What may be given to `sql.listen`. */
export type Callback = (...args: readonly unknown[]) => unknown

/** A call of `sql.listen`. */
export interface Listener {
  /** Calls the listener with a payload, in the context of `tenant`. */
  readonly hear: (tenant: Tenant | undefined, payload: string) => void
  /** Says that the server listens, from the start or again. */
  readonly tell: (tenant: Tenant | undefined) => void
  /** Whether it was told before: one that still waits for the first time is told by its own call. */
  isTold: boolean
}

/** Returns a listener whose callbacks run in the caller's context, whoever's payload came before. */
export function createListener (fn: Callback, onlisten: Callback | undefined, log: TenancyLogger): Listener {
  const hear = inContextOf(fn, log)
  const tell = inContextOf(onlisten ?? (() => {}), log)
  const listener: Listener = {
    hear,
    tell (tenant) {
      listener.isTold = true
      tell(tenant)
    },
    isTold: false
  }
  return listener
}

/**
 * The caller's context without its transaction, which is over by then, and with the tenant as it is now. What `fn` throws
 * or rejects with is logged: the next listener hears all the same, and the process goes on.
 */
function inContextOf (fn: Callback, log: TenancyLogger): (tenant: Tenant | undefined, ...args: readonly unknown[]) => void {
  return bindToCaller((tenant: Tenant | undefined, ...args: readonly unknown[]) => {
    const call = async (): Promise<unknown> => await fn(...args)
    const done = tenant === undefined ? call() : runInContext(tenantContext(tenant), call)
    done.catch((err: unknown) => log.error({ err, tenant: tenant?.id }, 'a listener of a channel failed'))
  })
}

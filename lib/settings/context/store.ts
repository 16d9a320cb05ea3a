import { AsyncLocalStorage } from 'node:async_hooks'
import type { TenantContext } from '../../words/types.ts'

/** The one store of the process. Only this folder touches it. */
export const tenantStore = new AsyncLocalStorage<TenantContext | undefined>()

import { randomUUID } from 'node:crypto'
import type { TenantSql } from '../../../data/client/index.ts'
import { settingsOf } from '../../../data/isolation/index.ts'
import { runInContext, runOutsideContext, tenantContext } from '../../../settings/context/index.ts'
import { parseTenantId } from '../../../words/names.ts'
import type { Tenant, TenantSettings } from '../../../words/types.ts'

/** Whoever a probe runs as, and the client that it sends with. */
export class Subject {
  readonly tenant: Tenant
  readonly sql: TenantSql
  readonly #extensionsSchema: string

  constructor (tenant: Tenant, sql: TenantSql, extensionsSchema: string) {
    this.tenant = tenant
    this.sql = sql
    this.#extensionsSchema = extensionsSchema
  }

  /** What every statement has to run with. */
  get settings (): TenantSettings {
    return settingsOf(this.tenant, this.#extensionsSchema)
  }

  /** Runs `fn` in the tenant's context, as a request of the tenant would be. */
  async run<T> (fn: (sql: TenantSql) => Promise<T>): Promise<T> {
    return await runOutsideContext(async () => await runInContext(tenantContext(this.tenant), async () => await fn(this.sql)))
  }

  /**
   * Returns a tenant that nobody has, at the same place and on the same path: what it reaches there, every other tenant
   * would. The only way to show isolation where there is one tenant.
   */
  stranger (): Subject {
    return new Subject(Object.freeze({ ...this.tenant, id: parseTenantId(randomUUID()) }), this.sql, this.#extensionsSchema)
  }
}

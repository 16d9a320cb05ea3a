import type { Tenancy, TenantSql } from '../../../lib/index.ts'
import type { Ledger } from '../ledger.ts'
import type { Random } from '../random.ts'
import type { SoakTenant } from '../world/tenants.ts'
import { claimOf, codeOf, isOfFaults } from './errors.ts'

/** One thing that tenants do again and again. */
export interface Operation {
  readonly kind: string
  /** Returns when it ended as it has to; throws what the faults made of it. */
  run (stage: Stage): Promise<void>
}

type Row = Readonly<Record<string, unknown>>

interface StageParts {
  readonly kind: string
  readonly tenancy: Tenancy
  readonly tenant: SoakTenant
  readonly other: SoakTenant
  readonly id: string
  readonly random: Random
  readonly ledger: Ledger
}

/** What an operation works with: whose it is, its own id, and the ledger that it is held to. */
export class Stage {
  readonly sql: TenantSql
  readonly tenancy: Tenancy
  readonly tenant: SoakTenant
  /** Somebody whose rows must not be seen. */
  readonly other: SoakTenant
  /** Nobody else's: in every answer, and in every row. */
  readonly id: string
  readonly random: Random
  readonly #ledger: Ledger
  readonly #kind: string

  constructor (parts: StageParts) {
    this.sql = parts.tenancy.sql
    this.tenancy = parts.tenancy
    this.tenant = parts.tenant
    this.other = parts.other
    this.id = parts.id
    this.random = parts.random
    this.#ledger = parts.ledger
    this.#kind = parts.kind
  }

  /** Rows of this write, to be inserted into `writes`. */
  rows (count: number, suffix = ''): { tenant_id: string, id: string, part: number, body: string }[] {
    return Array.from({ length: count }, (_, part) => ({ tenant_id: this.tenant.id, id: this.id + suffix, part, body: this.tenant.id }))
  }

  /** Notes what becomes of a write of `rows` rows with this stage's id. */
  async write (rows: number, send: () => PromiseLike<unknown>, suffix = ''): Promise<void> {
    const write = this.#ledger.begin({ id: this.id + suffix, tenant: this.tenant.id, kind: this.#kind, rows })
    try {
      await send()
      write.claim = 'acknowledged'
    } catch (error) {
      write.claim = claimOf(error)
      throw error
    }
  }

  /** Notes a write that has to leave nothing, however it ends. */
  void (suffix = ''): void {
    this.#ledger.begin({ id: this.id + suffix, tenant: this.tenant.id, kind: this.#kind, rows: 0 }).claim = 'without effect'
  }

  /** Every row has to be the tenant's own, and to have the number that was sent along. */
  own (rows: readonly Row[], count = 1): void {
    if (rows.length !== count) this.broken('an answer has the rows that it should', `${rows.length} rows instead of ${count}`)
    for (const row of rows) {
      const whose = [row['tenant_id'], row['mark'], row['setting']].filter((value) => value !== undefined)
      if (whose.some((value) => value !== this.tenant.id)) this.broken('an answer is the tenant\'s own', whose.join())
      if ('nonce' in row && row['nonce'] !== this.id) this.broken('an answer is the caller\'s own', String(row['nonce']))
      if (!isNothing(row['left_alone'])) this.broken('nothing of a transaction is left in a session', String(row['left_alone']))
    }
  }

  /** What `send` does has to fail with this code, unless a fault is faster. */
  async refused (send: () => PromiseLike<unknown>, code: string | RegExp): Promise<void> {
    const error = await Promise.resolve(send()).then(() => undefined, (reason: unknown) => reason ?? new Error('nothing'))
    if (error === undefined) return this.broken('what has to be refused is refused', `wanted ${code}`)
    const found = codeOf(error)
    if (typeof code === 'string' ? found === code : code.test(found)) return
    if (isOfFaults(error)) throw error
    this.broken('what has to be refused is refused', `wanted ${code}, got ${found}`)
  }

  /** Counts something that has to be seen now and then. */
  saw (what: string): void {
    this.#ledger.count('seen', what)
  }

  broken (promise: string, example: string): void {
    this.#ledger.broken(promise, `${this.id}: ${this.#kind} of ${this.tenant.id}: ${example}`)
  }
}

export function isNothing (value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

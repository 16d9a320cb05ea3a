import postgres from 'postgres'
import type { TransactionSql } from 'postgres'
import { pick, randomDeal, tenantsOf } from '../database/names.ts'
import type { ClientPlan } from '../workers/messages.ts'
import { CONNECTIONS, type Client, STATEMENTS, expectDeal } from './client.ts'

/** What users of postgres.js write for many tenants: a transaction for every statement, with an awaited `set_config`. */
export async function openSqlBegin ({ url, isolation, tenants }: ClientPlan): Promise<Client> {
  const sql = postgres(url, { max: CONNECTIONS, connection: { search_path: 'shared' } })
  const ids = tenantsOf(isolation, tenants)

  async function as (tenant: string, fn: (tx: TransactionSql) => Promise<void>): Promise<void> {
    await sql.begin(async (tx) => {
      if (isolation === 'rls') await tx`select set_config('app.tenant_id', ${tenant}, true)`
      else if (isolation === 'schema') await tx`select set_config('search_path', ${`"tenant_${tenant}"`}, true)`
      else await tx`select set_config('search_path', ${`"tenant_${tenant}"`}, true), set_config('app.tenant_id', ${tenant}, true)`
      await fn(tx)
    })
  }

  async function select (statements: number): Promise<void> {
    const tenant = pick(ids)
    await as(tenant, async (tx) => {
      for (let i = 0; i < statements; i++) {
        const id = randomDeal()
        expectDeal(await tx`select * from deals where id = ${id}`, tenant, id)
      }
    })
  }

  return {
    statement: () => select(1),
    transaction: () => select(STATEMENTS),
    slow: () => as(pick(ids), async (tx) => { await tx`select pg_sleep(0.03)` })
  }
}

import { Pool, type PoolClient } from 'pg'
import { pick, randomDeal, tenantsOf } from '../database/names.ts'
import type { ClientPlan } from '../workers/messages.ts'
import { CONNECTIONS, type Client, STATEMENTS, expectDeal } from './client.ts'

/** What users of node-postgres write under row-level security: `begin`, `set_config`, the statement, `commit`, each awaited. */
export async function openNodePostgres ({ url, isolation, tenants }: ClientPlan): Promise<Client> {
  if (isolation !== 'rls') throw new Error('node-postgres is measured under row-level security only.')
  // A pool that closes idle connections would open them again in the middle of its next run.
  const pool = new Pool({ connectionString: url, max: CONNECTIONS, idleTimeoutMillis: 0, options: '-c search_path=shared' })
  const ids = tenantsOf(isolation, tenants)

  async function as (tenant: string, fn: (connection: PoolClient) => Promise<void>): Promise<void> {
    const connection = await pool.connect()
    try {
      await connection.query('begin')
      await connection.query("select set_config('app.tenant_id', $1, true)", [tenant])
      await fn(connection)
      await connection.query('commit')
    } catch (error) {
      await connection.query('rollback')
      throw error
    } finally {
      connection.release()
    }
  }

  async function select (statements: number): Promise<void> {
    const tenant = pick(ids)
    await as(tenant, async (connection) => {
      for (let i = 0; i < statements; i++) {
        const id = randomDeal()
        const { rows } = await connection.query('select * from deals where id = $1', [id])
        expectDeal(rows, tenant, id)
      }
    })
  }

  return {
    statement: () => select(1),
    transaction: () => select(STATEMENTS),
    slow: () => as(pick(ids), async (connection) => { await connection.query('select pg_sleep(0.03)') })
  }
}

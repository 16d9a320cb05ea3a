import { createTenancy } from 'zakops-tenancy'
import { pick, prefixOf, randomDeal, tenantsOf } from '../database/names.ts'
import type { ClientPlan } from '../workers/messages.ts'
import { CONNECTIONS, STATEMENTS, type VisitingClient, expectDeal } from './client.ts'
import { quiet } from './quiet.ts'

/** This package, with its defaults. */
export async function openTenancyClient ({ url, isolation, tenants }: ClientPlan): Promise<VisitingClient> {
  const tenancy = await createTenancy({ mode: 'multi', database: url, lanes: { max: CONNECTIONS }, log: quiet })
  const { sql } = tenancy
  const ids = tenantsOf(isolation, tenants)

  async function select (tenant: string, id: number): Promise<void> {
    expectDeal(await sql`select * from deals where id = ${id}`, tenant, id)
  }

  async function transaction (tenant: string): Promise<void> {
    await sql.begin(async (tx) => {
      for (let i = 0; i < STATEMENTS; i++) {
        const id = randomDeal()
        expectDeal(await tx`select * from deals where id = ${id}`, tenant, id)
      }
    })
  }

  async function entering (fn: (tenant: string) => Promise<void>): Promise<void> {
    const tenant = pick(ids)
    await tenancy.runWithTenant(tenant, () => fn(tenant))
  }

  return {
    statement: () => entering((tenant) => select(tenant, randomDeal())),
    transaction: () => entering(transaction),
    slow: () => entering(async () => { await sql`select pg_sleep(0.03)` }),
    visit: (number) => tenancy.runWithTenant(`${prefixOf(isolation)}${number}`, () => select(`${prefixOf(isolation)}${number}`, 1)),
    stats: () => tenancy.stats()
  }
}

import type { Tenancy } from 'zakops-tenancy'

/** The tenants of the example. Their rows have the same ids, so that a wrong row would show. */
const TITLES: Readonly<Record<string, readonly string[]>> = {
  acme: ['Anvils for the desert', 'Rocket skates', 'Giant magnets'],
  globex: ['Weather machine', 'Hammocks for Cypress Creek', 'Moon base']
}

/** Provisions a tenant and gives it rows. What is there already stays: it can run at every start. */
export async function seedTenant (tenancy: Tenancy, id: string): Promise<void> {
  await tenancy.provision({ id, name: `${id.charAt(0).toUpperCase()}${id.slice(1)} Corporation` })
  await tenancy.runWithTenant(id, async () => await seedRows(tenancy.sql, TITLES[id] ?? [`First deal of ${id}`, 'Second deal', 'Third deal']))
}

async function seedRows (sql: Tenancy['sql'], titles: readonly string[]): Promise<void> {
  await sql.begin(async (tx) => {
    const deals = titles.map((title, i) => ({ id: String(i + 1), title, amount: (i + 1) * 1000 }))
    await tx`insert into deals ${tx(deals)} on conflict (tenant_id, id) do nothing`
    await tx`insert into agent_runs (id, deal_id, agent, status) values ('1', '1', 'screener', 'succeeded') on conflict (tenant_id, id) do nothing`
    await tx`insert into approvals (id, deal_id, decision) values ('1', '2', 'approved') on conflict (tenant_id, id) do nothing`
    await tx`insert into audit_logs (id, deal_id, action) values ('1', '1', 'deal received') on conflict (tenant_id, id) do nothing`
    await tx`insert into user_sessions (id, user_name) values ('1', 'wile') on conflict (tenant_id, id) do nothing`
  })
}

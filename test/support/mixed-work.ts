import type { Sql } from 'postgres'
import type { Tenancy } from '../../lib/index.ts'
import { TENANTS, type TenantsDatabase } from './tenancy-app.ts'

type TenantName = typeof TENANTS[number]

/** What came out of {@link mixedWork}. */
export interface WorkOutcome {
  /** How many times a caller saw whose data it had before it. */
  readonly answers: number
  /** The answers that were another tenant's, or none: the tenant that asked, and what it saw. */
  readonly wrong: readonly unknown[]
  /** How many rows it left behind for good. */
  readonly inserted: number
}

/** One thing that a tenant does; returns whose data it saw, once for each statement that shows it. */
type Step = (sql: Sql, tenant: TenantName, name: string) => Promise<readonly unknown[]>

const refusedWith = async (query: PromiseLike<unknown>, code: string): Promise<string> =>
  await query.then(() => 'no error', (error: unknown) => Object(error).code === code ? 'refused' : String(error))

/** Whose deal 1 this is, by its title, by its owner, and by the setting: three times the same tenant. */
export async function whoseDeal (sql: Pick<Sql, 'unsafe'>): Promise<readonly unknown[]> {
  const [row] = await sql.unsafe("select title, tenant_id, coalesce(nullif(split_part(current_setting('app.tenant_id', true), '.', 4), ''), nullif(current_setting('app.tenant_id', true), '')) as setting from deals where id = '1'")
  return [row?.['title'], row?.['tenant_id'], row?.['setting']]
}

const steps: readonly Step[] = [
  async (sql) => await whoseDeal(sql),
  async (sql, tenant, name) => {
    const [row] = await sql`select ${tenant} || ${name} as text, title from deals where id = ${'1'} and title <> ${name}`
    return [row?.['text'] === tenant + name ? tenant : 'another text', row?.['title']]
  },
  async (sql, tenant, name) => {
    const [row] = await sql`insert into deals ${sql({ id: name, title: tenant })} returning tenant_id`
    return [row?.['tenant_id'], ...await whoseDeal(sql)]
  },
  async (sql, tenant, name) => await sql.begin(async (tx) => {
    await tx`insert into deals (id, title) values (${name}, 'new')`
    await tx`update deals set title = ${tenant} where id = ${name}`
    return [...await whoseDeal(tx), ...await whoseDeal(tx)]
  }),
  async (sql, tenant, name) => {
    const failed = await refusedWith(sql.begin(async (tx) => {
      await tx`insert into deals (id, title) values (${name}, 'rolled back')`
      await tx`insert into deals (id, title) values ('1', 'a second first deal')`
    }), '23505')
    const division = await refusedWith(sql`select 1 / ${0}::int`, '22012')
    const table = await refusedWith(sql`select * from nowhere`, '42P01')
    return [...[failed, division, table].map((outcome) => outcome === 'refused' ? tenant : outcome), ...await whoseDeal(sql)]
  }
]

const INSERTING_STEPS = 2

/** Runs `rounds` steps of every kind for 8 callers of each tenancy, alternating tenants, all at once. */
export async function mixedWork (tenancies: readonly Tenancy[], rounds: number): Promise<WorkOutcome> {
  const callers = tenancies.flatMap((tenancy, at) => Array.from({ length: 8 }, (_, caller) => ({ tenancy, name: `${at}-${caller}` })))
  const outcomes = await Promise.all(callers.map(async ({ tenancy, name }, caller) => {
    const answers: unknown[][] = []
    for (let i = 0; i < rounds * steps.length; i++) {
      const step = steps[(i + caller) % steps.length]
      const tenant = TENANTS[(i + caller) % 2 === 0 ? 0 : 1]
      const seen = await tenancy.runWithTenant(tenant, async () => await step?.(tenancy.sql, tenant, `${name}-${i}`) ?? [])
      answers.push(...seen.map((owner) => [tenant, owner]))
    }
    return answers
  }))
  const answers = outcomes.flat()
  return { answers: answers.length, wrong: answers.filter(([tenant, owner]) => tenant !== owner), inserted: callers.length * rounds * INSERTING_STEPS }
}

/** What the database holds, as a superuser sees it: how many deals, and those in the wrong place or of a transaction that rolled back. */
export async function heldDeals ({ admin }: TenantsDatabase): Promise<{ readonly count: number, readonly wrong: readonly unknown[] }> {
  const deals = await admin`
    select 'acme' as place, tenant_id, id, title from tenant_acme.deals union all select 'globex', tenant_id, id, title from tenant_globex.deals`
  return { count: deals.length, wrong: deals.filter((deal) => deal['tenant_id'] !== deal['place'] || deal['title'] !== deal['place']) }
}

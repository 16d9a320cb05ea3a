import { type Generated, Kysely } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import type { Sql } from 'postgres'

// Kysely on the tenant client. No table has its tenant_id here: the database fills it in and compares it.

export interface Tables {
  readonly deals: {
    readonly id: Generated<string>
    readonly title: string
    readonly stage: Generated<'inbound' | 'screening' | Decision>
    readonly amount: Generated<number>
    readonly created_at: Generated<Date>
  }
  readonly approvals: {
    readonly id: Generated<string>
    readonly deal_id: string
    readonly decision: Decision
    readonly comment: Generated<string>
  }
}

export type Decision = 'approved' | 'rejected'

/**
 * Returns what a service does with deals. Call it once at the start; each call of a function runs with the tenant of
 * whoever calls it. Nobody has to call `db.destroy()`: the connections are the tenancy's.
 */
export function createDeals (sql: Sql) {
  const db = new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: sql }) })
  return {
    db,

    list: async () => await db.selectFrom('deals').selectAll().orderBy('id').execute(),

    create: async (deal: { readonly id?: string, readonly title: string, readonly amount?: number }) =>
      await db.insertInto('deals').values(deal).returning(['id', 'title', 'amount', 'created_at']).executeTakeFirstOrThrow(),

    /**
     * One transaction: the deal changes its stage and the approval is there, or neither.
     *
     * @throws Kysely's NoResultError: there is no such deal.
     */
    decide: async (approvalId: string, dealId: string, decision: Decision) => await db.transaction().execute(async (trx) => {
      const deal = await trx.updateTable('deals').set({ stage: decision }).where('id', '=', dealId).returning(['id', 'stage']).executeTakeFirstOrThrow()
      await trx.insertInto('approvals').values({ id: approvalId, deal_id: dealId, decision }).execute()
      return deal
    }),

    listDecided: async () => await db
      .selectFrom('deals').innerJoin('approvals', 'approvals.deal_id', 'deals.id')
      .select(['deals.title', 'deals.stage', 'approvals.decision']).orderBy('approvals.id').execute(),

    /** Reads a few rows at a time, however many there are. */
    titles: async function * (rowsAtATime: number): AsyncGenerator<string> {
      for await (const deal of db.selectFrom('deals').select('title').orderBy('id').stream(rowsAtATime)) yield deal.title
    },

    remove: async (id: string) => (await db.deleteFrom('deals').where('id', '=', id).executeTakeFirst()).numDeletedRows === 1n
  }
}

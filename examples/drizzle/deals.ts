import { asc, eq } from 'drizzle-orm'
import { integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'

// Drizzle on the tenant client. No table has its tenant_id here: the database fills it in and compares it.

export const deals = pgTable('deals', {
  id: text().primaryKey(),
  title: text().notNull(),
  stage: text({ enum: ['inbound', 'screening', 'approved', 'rejected'] }).notNull().default('inbound'),
  amount: integer().notNull().default(0),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow()
})

export const approvals = pgTable('approvals', {
  id: text().primaryKey(),
  dealId: text('deal_id').notNull().references(() => deals.id),
  decision: text({ enum: ['approved', 'rejected'] }).notNull(),
  comment: text().notNull().default('')
})

export type Decision = typeof approvals.$inferInsert['decision']

/**
 * Returns what a service does with deals. Call it once at the start; each call of a function runs with the tenant of
 * whoever calls it.
 *
 * Drizzle reads timestamps and writes JSON itself, and says so to the client that it is given: on the same `sql`, the
 * template tag then returns timestamps as text.
 */
export function createDeals (sql: Sql) {
  const db = drizzle(sql)
  return {
    db,

    list: async () => await db.select().from(deals).orderBy(asc(deals.id)),

    create: async (deal: typeof deals.$inferInsert) => {
      const [created] = await db.insert(deals).values(deal).returning()
      return created
    },

    /** One transaction: the deal changes its stage and the approval is there, or neither. */
    decide: async (approvalId: string, dealId: string, decision: Decision) => await db.transaction(async (tx) => {
      const [deal] = await tx.update(deals).set({ stage: decision }).where(eq(deals.id, dealId)).returning()
      if (deal === undefined) tx.rollback()
      await tx.insert(approvals).values({ id: approvalId, dealId, decision })
      return deal
    }),

    listDecided: async () => await db
      .select({ title: deals.title, stage: deals.stage, decision: approvals.decision })
      .from(deals).innerJoin(approvals, eq(approvals.dealId, deals.id)).orderBy(asc(approvals.id)),

    remove: async (id: string) => (await db.delete(deals).where(eq(deals.id, id)).returning({ id: deals.id })).length === 1
  }
}

import { randomUUID } from 'node:crypto'
import postgres, { type Sql, type TransactionSql } from 'postgres'

/** The service as it was written for one organisation: its statements name the schema, and it knows of no tenant. */
export interface OldService {
  readonly sql: Sql
  /** Opens a deal with its run, approval, event and session, in one transaction; returns its id. */
  openDeal (): Promise<string>
  /** The same work in plain statements, one after the other. */
  openDealPlainly (): Promise<string>
  /** Sends the same request twice; the second is answered with what the first has made. */
  repeat (): Promise<string>
  readDeal (id: string): Promise<number>
  close (): Promise<void>
}

/** @param hasTenantKeys — whether its ON CONFLICT names the tenant column already, which it has to where tables come to be shared. */
export function openService (url: string, hasTenantKeys = false, max = 4): OldService {
  const sql = postgres(url, { max, onnotice: () => {} })
  const newId = (): string => `D-${randomUUID().slice(0, 13)}`
  const open = async (tx: Sql | TransactionSql, id: string): Promise<void> => {
    await tx`insert into zakops.deals (deal_id, title, owner_email) values (${id}, 'A deal', 'owner@example.com')`
    const [run] = await tx`insert into zakops.agent_runs (deal_id, idempotency_key) values (${id}, ${'key ' + id}) returning *`
    await tx`insert into zakops.approvals values (${'A-' + id}, ${id}, ${String(run?.['id'])}, 'approved')`
    await tx`insert into zakops.audit_logs (deal_id, event) values (${id}, ${sql.json({ opened: id })})`
    await tx`insert into zakops.user_sessions (email) values (${`${id}@example.com`})`
    await tx`update zakops.deals set stage = 'screening', updated_at = now() where deal_id = ${id}`
  }
  return {
    sql,
    async openDeal () {
      const id = newId()
      await sql.begin(async (tx) => {
        await open(tx, id)
        const rows = await tx`select * from zakops.deals where deal_id = ${id} for update`
        if (rows.length !== 1) throw new Error('a deal that was just written is not there')
      })
      return id
    },
    async openDealPlainly () {
      const id = newId()
      await open(sql, id)
      return id
    },
    async repeat () {
      const id = await this.openDealPlainly()
      const rows = hasTenantKeys
        ? await sql`insert into zakops.agent_runs (deal_id, idempotency_key) values (${id}, ${'key ' + id}) on conflict do nothing returning id`
        : await sql`insert into zakops.agent_runs (deal_id, idempotency_key) values (${id}, ${'key ' + id}) on conflict (idempotency_key) do nothing returning id`
      if (rows.length !== 0) throw new Error('an idempotency key was taken twice')
      return id
    },
    async readDeal (id) {
      const rows = await sql`select d.*, a.decision from zakops.deals d join zakops.approvals a on a.deal_id = d.deal_id where d.deal_id = ${id}`
      return rows.length
    },
    close: async () => await sql.end({ timeout: 5 })
  }
}

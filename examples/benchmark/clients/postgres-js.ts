import postgres from 'postgres'
import { PLAIN, PLAIN_COLUMN, randomDeal } from '../database/names.ts'
import type { ClientPlan } from '../workers/messages.ts'
import { CONNECTIONS, type Client, STATEMENTS, expectDeal } from './client.ts'

/** Bare postgres.js, for one organisation: what everything else is compared with. */
export async function openPostgresJs ({ url }: Pick<ClientPlan, 'url'>): Promise<Client> {
  const sql = postgres(url, { max: CONNECTIONS, connection: { search_path: PLAIN } })
  return {
    async statement () {
      const id = randomDeal()
      expectDeal(await sql`select * from deals where id = ${id}`, PLAIN, id, PLAIN_COLUMN)
    },
    async transaction () {
      await sql.begin(async (tx) => {
        for (let i = 0; i < STATEMENTS; i++) {
          const id = randomDeal()
          expectDeal(await tx`select * from deals where id = ${id}`, PLAIN, id, PLAIN_COLUMN)
        }
      })
    },
    async slow () {
      await sql`select pg_sleep(0.03)`
    }
  }
}

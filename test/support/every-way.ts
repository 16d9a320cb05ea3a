import type { TenantSql } from '../../lib/index.ts'

/** What the current tenant sees of its documents in each way that returns rows: a statement, a transaction, a text of several statements, a stream and a cursor. */
export async function seenEveryWay (sql: TenantSql): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const bodies = (rows: Iterable<object>): readonly unknown[] => [...rows].map((row) => Reflect.get(row, 'body'))
  const [, second] = await sql`select 1; select body from docs`.simple()
  const copied: string[] = []
  for await (const chunk of await sql`copy (select body from docs) to stdout`.readable()) copied.push(String(chunk))
  const fetched: object[] = []
  for await (const rows of sql`select body from docs`.cursor(1)) fetched.push(...rows)
  return {
    statement: bodies(await sql`select body from docs`),
    transaction: await sql.begin(async (tx) => bodies(await tx`select body from docs`)),
    text: bodies(Object(second)),
    stream: copied.join('').trimEnd().split('\n'),
    cursor: bodies(fetched)
  }
}

/** The same of a tenant that has one document. */
export function everyWay (body: string): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(['statement', 'transaction', 'text', 'stream', 'cursor'].map((way) => [way, [body]]))
}

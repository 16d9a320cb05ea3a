/** A way to work with the database, as its users write it. Each method checks the rows that it got. */
export interface Client {
  /** `select * from deals where id = …`, as a random tenant. */
  statement (): Promise<void>
  /** Five of them in one transaction. */
  transaction (): Promise<void>
  /** `select pg_sleep(0.03)`, as a random tenant. */
  slow (): Promise<void>
}

/** A client that can be sent to one tenant after the other, and be asked what it holds. */
export interface VisitingClient extends Client {
  visit (tenant: number): Promise<void>
  stats (): Promise<unknown>
}

/** How many statements a transaction has. */
export const STATEMENTS = 5

/** Every client has the same number of connections. */
export const CONNECTIONS = 10

/** @throws {Error} if this client cannot be sent around. */
export function asVisitor (client: Client): VisitingClient {
  if (!isVisitor(client)) throw new Error('Only zakops-tenancy is asked to visit tenants.')
  return client
}

function isVisitor (client: Client): client is VisitingClient {
  return 'visit' in client && 'stats' in client
}

/**
 * A benchmark of isolation that counts wrong answers would be worth nothing.
 *
 * @throws {Error} if this is not one row, with this id and of this tenant.
 */
export function expectDeal (rows: readonly unknown[], tenant: string, id: number, column = 'tenant_id'): void {
  const [deal] = rows
  const isRight = rows.length === 1 && typeof deal === 'object' && deal !== null &&
    Reflect.get(deal, 'id') === id && Reflect.get(deal, column) === tenant
  if (!isRight) throw new Error(`Wrong answer: wanted deal ${id} of ${tenant}, got ${JSON.stringify(rows)}.`)
}

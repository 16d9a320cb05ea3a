import pg from 'pg'

/** Somebody who sees everything. Not with the driver under test, which may end the process when the server goes away. */
export interface Superuser {
  /** Runs statements on a connection of their own, and returns the rows of the last one. */
  query (...statements: readonly (string | readonly [text: string, ...parameters: readonly unknown[]])[]): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export function superuserOf (url: string): Superuser {
  return {
    async query (...statements) {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
      // A connection that is lost later is the next statement's error.
      client.on('error', () => {})
      await client.connect()
      try {
        let rows: readonly Record<string, unknown>[] = []
        for (const statement of statements) {
          const [text, ...parameters] = typeof statement === 'string' ? [statement] : statement
          rows = (await client.query<Record<string, unknown>>(text, parameters)).rows
        }
        return rows
      } finally {
        await client.end().catch(() => {})
      }
    }
  }
}

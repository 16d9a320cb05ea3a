import { availableParallelism, cpus } from 'node:os'
import { type BenchmarkDatabase, withConnection } from './database/open-database.ts'

/** What the figures were measured on. */
export interface Machine {
  readonly date: string
  readonly node: string
  readonly postgres: string
  readonly server: 'own' | 'DATABASE_URL'
  readonly processors: number
  readonly processor: string
}

/** Returns what the figures depend on. */
export async function describeMachine ({ admin, isOwn }: BenchmarkDatabase): Promise<Machine> {
  const [row] = await withConnection(admin, (sql) => sql<{ server_version: string }[]>`show server_version`)
  return {
    date: new Date().toISOString(),
    node: process.version,
    postgres: row?.server_version ?? 'unknown',
    server: isOwn ? 'own' : 'DATABASE_URL',
    processors: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown'
  }
}

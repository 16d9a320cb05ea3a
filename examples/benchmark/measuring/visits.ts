import { readFile } from 'node:fs/promises'
import { type BenchmarkDatabase, withConnection } from '../database/open-database.ts'
import { Child } from '../workers/child.ts'
import { type Holdings, type Isolation, holdingsSchema, readySchema } from '../workers/messages.ts'

export const VISITS_TITLE = 'Every tenant used once: what is held afterwards'

const CALLERS = 50

/** One line: how many tenants were visited so far, and what the process and the server hold then. */
export interface Holding extends Holdings {
  readonly isolation: Isolation
  readonly tenants: number
  /** Connections to the database, as the server counts them. */
  readonly connections: number
  /** Bytes that the server's processes of these connections have for themselves; undefined where that cannot be read. */
  readonly server: number | undefined
}

/** Uses the first tenants once each, and looks what is held after each number of `steps`. */
export async function measureVisits (isolation: Isolation, steps: readonly number[], database: BenchmarkDatabase): Promise<readonly Holding[]> {
  const child = new Child('client')
  const holdings: Holding[] = []
  try {
    await child.ask(readySchema, { ask: 'open', clients: [{ way: 'zakops-tenancy', isolation, tenants: 1, url: database.app }] })
    let visited = 0
    for (const tenants of [0, ...steps]) {
      const held = await child.ask(holdingsSchema, { ask: 'visit', client: 0, first: visited + 1, last: tenants, callers: CALLERS })
      holdings.push({ isolation, tenants, ...held, ...await readServer(database) })
      visited = tenants
    }
    return holdings
  } finally {
    await child.end()
  }
}

async function readServer (database: BenchmarkDatabase): Promise<Pick<Holding, 'connections' | 'server'>> {
  const role = new URL(database.app).username
  const rows = await withConnection(database.admin, (sql) => sql<{ pid: number }[]>`select pid from pg_stat_activity where usename = ${role}`)
  const sizes = await Promise.all(rows.map(({ pid }) => database.isOwn ? privateBytes(pid) : undefined))
  const server = sizes.reduce<number | undefined>((sum, size) => sum === undefined || size === undefined ? undefined : sum + size, 0)
  return { connections: rows.length, server }
}

/** Without the shared buffers, which a process is otherwise charged for as soon as it has touched them. Linux only. */
async function privateBytes (pid: number): Promise<number | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
    const sizes = [...text.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].map(([, size]) => Number(size) * 1024)
    return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0)
  } catch {
    return undefined
  }
}

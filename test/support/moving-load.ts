import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { type Tenancy, type TenancyOptions, createTenancy } from '../../lib/index.ts'
import { type MovingScene, writeEntry } from './moving.ts'

/** A process that serves the tenants of a scene. */
export async function servingTenancy (t: Pick<Test, 'teardown'>, { config }: MovingScene, options: TenancyOptions = {}): Promise<Tenancy> {
  const { database, ownerDatabase, adminDatabase, databasePrefix, servers, migrations } = config
  const tenancy = await createTenancy({
    mode: 'multi',
    databasePrefix,
    servers,
    log: { info () {}, warn () {}, error () {} },
    ...Object.fromEntries(Object.entries({ database, ownerDatabase, adminDatabase, migrations }).filter(([, value]) => value !== undefined)),
    ...options
  })
  t.teardown(() => tenancy.close())
  return tenancy
}

/** One write that was acknowledged: when it was begun, and how long it took, with those that were refused before. */
interface Timed {
  readonly began: number
  readonly took: number
}

/** What a load of writes and reads came to. */
export interface LoadReport {
  readonly acknowledged: readonly string[]
  readonly writes: readonly Timed[]
  /** How many writes were refused because the tenant moves, and sent again at once. */
  readonly refused: number
  /** How often one write was refused at most. */
  readonly refusals: number
  /** The longest that one write was refused before it was taken, in milliseconds. */
  readonly refusedFor: number
  /** Everything else that went wrong. */
  readonly errors: readonly string[]
  readonly reads: number
}

export interface Load {
  stop (): Promise<LoadReport>
}

const codeOf = (error: unknown): string => error instanceof Error && 'code' in error ? String(error.code) : String(error)

/** Writes as this tenant all the time, plain statements and transactions in turn, and reads what was acknowledged. */
export function keepServing (tenancy: Tenancy, id: string, { writers = 2, pauseMs = 5 } = {}): Load {
  const state = { isOver: false, refused: 0, refusals: 0, refusedFor: 0, reads: 0 }
  const acknowledged: string[] = []
  const writes: Timed[] = []
  const errors: string[] = []
  const write = async (entry: string, isPlain: boolean): Promise<void> => {
    let firstRefusal: number | undefined
    let refusals = 0
    for (;;) {
      try {
        await tenancy.runWithTenant(id, async () => { await (isPlain ? writePlain(tenancy, entry) : tenancy.sql.begin((tx) => writeEntry(tx, entry))) })
        if (firstRefusal !== undefined) state.refusedFor = Math.max(state.refusedFor, performance.now() - firstRefusal)
        return
      } catch (error) {
        if (codeOf(error) !== 'FST_TENANCY_MOVE_TENANT_MOVED') throw error
        state.refused++
        state.refusals = Math.max(state.refusals, ++refusals)
        firstRefusal ??= performance.now()
      }
    }
  }
  const loop = async (_: unknown, number: number): Promise<void> => {
    for (let turn = 0; !state.isOver; turn++) {
      const entry = randomUUID()
      const began = performance.now()
      try {
        await write(entry, (turn + number) % 2 === 0)
        acknowledged.push(entry)
        writes.push({ began, took: performance.now() - began })
      } catch (error) {
        errors.push(codeOf(error))
      }
      await new Promise((resolve) => { setTimeout(resolve, pauseMs) })
    }
  }
  const read = async (): Promise<void> => {
    while (!state.isOver) {
      const last = acknowledged.at(-1)
      try {
        const rows = await tenancy.runWithTenant(id, async () => [...await tenancy.sql`select id from entries where id = ${last ?? randomUUID()}`])
        if (rows.length !== (last === undefined ? 0 : 1)) errors.push('an acknowledged entry was not there')
        state.reads++
      } catch (error) {
        if (codeOf(error) !== 'FST_TENANCY_MOVE_TENANT_MOVED') errors.push(codeOf(error))
      }
      await new Promise((resolve) => { setTimeout(resolve, 20) })
    }
  }
  const running = Promise.all([...Array.from({ length: writers }, loop), read()])
  return {
    async stop () {
      state.isOver = true
      await running
      return { acknowledged, writes, errors, refused: state.refused, refusals: state.refusals, refusedFor: state.refusedFor, reads: state.reads }
    }
  }
}

/** An entry and the balance of its account in one plain statement. */
async function writePlain ({ sql }: Tenancy, id: string): Promise<void> {
  await sql`
    with entry as (insert into entries (id, account, amount, note) select ${id}, min(id), 3, 'written' from accounts returning account, amount)
    update accounts a set balance = balance + entry.amount, seen = now() from entry where a.id = entry.account`
}

/** How long writes took that were under way between two moments. */
export function timesBetween (writes: readonly Timed[], from: number, to: number): { readonly p99: number, readonly most: number, readonly count: number } {
  const times = writes.filter(({ began, took }) => began + took > from && began < to).map(({ took }) => took).sort((a, b) => a - b)
  return { p99: times[Math.floor((times.length - 1) * 0.99)] ?? 0, most: times.at(-1) ?? 0, count: times.length }
}

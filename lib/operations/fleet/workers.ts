import type { Sql } from 'postgres'
import type { Place } from '../../words/types.ts'
import { withOwner } from '../../data/owner/index.ts'
import { type Work, migrateSchema } from './perform.ts'
import type { Task } from './plan.ts'
import type { Outcome, RunRecord } from './record.ts'
import { withRetry } from './retry.ts'
import type { Tally } from './tally.ts'

/** How many connections a run has open, the one of its record included. */
export class Connections {
  peak = 1
  #open = 1

  async counted<T> (fn: () => Promise<T>): Promise<T> {
    this.#open++
    this.peak = Math.max(this.peak, this.#open)
    try {
      return await fn()
    } finally {
      this.#open--
    }
  }
}

/** A run that is under way. */
export interface Run extends Work {
  readonly record: RunRecord
  readonly tally: Tally
  readonly connections: Connections
}

/** Migrates the schemas of one wave: on every server at the same time, and on each over a few connections that stay open. */
export async function runWave (run: Run, tasks: readonly Task[], isCanary: boolean): Promise<void> {
  const servers = groupByServer(tasks)
  const workers = [...servers.values()].flatMap((queue) =>
    Array.from({ length: Math.min(run.options.concurrency, queue.length) }, () => work(run, queue, isCanary)))
  const ended = await Promise.allSettled(workers)
  const broken = ended.find((end) => end.status === 'rejected')
  if (broken !== undefined) throw broken.reason
}

function groupByServer (tasks: readonly Task[]): ReadonlyMap<string, Task[]> {
  const servers = new Map<string, Task[]>()
  for (const task of tasks) {
    const queue = servers.get(task.place.server)
    if (queue === undefined) servers.set(task.place.server, [task])
    else queue.push(task)
  }
  return servers
}

/** One connection after the other, each for all the schemas that are to be had at its place. */
async function work (run: Run, queue: Task[], isCanary: boolean): Promise<void> {
  let task = take(run, queue)
  while (task !== undefined) {
    const first: Task = task
    const end = await openAt(run, first.place, (sql) => workAt(run, queue, isCanary, { sql, task: first })).catch((cause: unknown) => asError(cause))
    if (end instanceof Error) await settle(run, first, isCanary, () => Promise.reject(end))
    else if ('broken' in end) throw end.broken
    task = end instanceof Error ? take(run, queue) : end.next
  }
}

/** What went wrong once the work had begun is `broken`: the record cannot be written, so nothing can be told of any tenant any more. */
type WorkEnd = { readonly next: Task | undefined } | { readonly broken: unknown }

/** Opens a connection, several times if need be, and works on it. Throws only if there is none. */
async function openAt (run: Run, place: Place, fn: (sql: Sql) => Promise<Task | undefined>): Promise<WorkEnd> {
  return withRetry(run.options.attempts, () => run.connections.counted(() => withOwner(run.config, async (sql): Promise<WorkEnd> => {
    try {
      return { next: await fn(sql) }
    } catch (broken) {
      return { broken }
    }
  }, place)))
}

/** Works at one place while there is something to do there, and returns the first task that is elsewhere. */
async function workAt (run: Run, queue: Task[], isCanary: boolean, { sql, task }: { readonly sql: Sql, readonly task: Task }): Promise<Task | undefined> {
  for (let current = task; ;) {
    await settle(run, current, isCanary, () => withRetry(run.options.attempts, () => migrateSchema(sql, run, current)))
    const next = take(run, queue, current.place)
    if (next === undefined || !isSame(next.place, current.place)) return next
    current = next
  }
}

/** Does one task, and writes down what became of it. */
async function settle ({ record, tally, options, migrations }: Run, task: Task, isCanary: boolean, fn: () => Promise<readonly string[]>): Promise<void> {
  const since = performance.now()
  const ids = task.tenants.map(({ id }) => id)
  await record.start(ids)
  const outcome = await fn().then(
    (applied): Outcome => ({ state: 'done', applied, ms: performance.now() - since, migration: options.dryRun ? undefined : migrations?.tenant.at(-1)?.name }),
    (cause: unknown): Outcome => ({ state: 'failed', applied: [], error: asError(cause), ms: performance.now() - since, migration: undefined }))
  await record.finish(ids, outcome)
  tally.note(task, outcome, isCanary)
}

/** Takes the next task, one of the same place if there is any; none once the run is stopped. */
function take ({ tally }: Run, queue: Task[], place?: Place): Task | undefined {
  if (tally.stoppedBecause !== undefined) return undefined
  const at = place === undefined ? 0 : Math.max(0, queue.findIndex((task) => isSame(task.place, place)))
  return queue.splice(at, 1)[0]
}

function isSame (a: Place, b: Place): boolean {
  return a.server === b.server && a.database === b.database
}

function asError (cause: unknown): Error {
  return cause instanceof Error ? cause : new Error('the migration failed', { cause })
}

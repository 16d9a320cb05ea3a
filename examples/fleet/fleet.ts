import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Message, Phase } from './messages.ts'
import type { FleetOptions } from './options.ts'
import { type Servers, watchConnections } from './servers.ts'
import { type Findings, verify } from './verify.ts'
import { runWorker } from './worker.ts'

const examples = join(dirname(createRequire(import.meta.url).resolve('zakops-tenancy/package.json')), 'examples')

const TABLES = ['agent_runs', 'approvals', 'audit_logs', 'deal_notes', 'deals', 'user_sessions']

/** What one half of the work took, with every start of the process in it. */
export interface Half {
  readonly phase: Phase
  readonly tenants: number
  readonly ms: number
  readonly peakConnections: number
}

/** What came of the whole. */
export interface FleetReport {
  readonly halves: readonly Half[]
  readonly reports: ReadonlyArray<Extract<Message, { report: unknown }>['report']>
  /** How often the process that does the work was killed. */
  readonly kills: number
  readonly findings: Findings
}

/** What of a run the example tells while it goes on. */
export interface Told {
  onProgress? (progress: Extract<Message, { phase: unknown }>): void
  onKill? (phase: Phase): void
}

/** Provisions and migrates the fleet in a process of its own, kills that process if it is asked for, and looks at what is there afterwards. */
export async function runFleet (servers: Servers, options: Pick<FleetOptions, 'tenants' | 'concurrency' | 'fail' | 'kill'>, told: Told = {}): Promise<FleetReport> {
  const { tenants, concurrency, fail, kill } = options
  const laterMigrations = await mkdtemp(join(tmpdir(), 'zakops-fleet-'))
  const migrations = join(examples, 'server/migrations')
  const course = new Course(servers)
  const spared = new Set<Phase>()
  try {
    for (const folder of [migrations, join(examples, 'fleet/migrations')]) await cp(folder, laterMigrations, { recursive: true })
    const job = { ...servers, tenants, concurrency, fail: fail ?? null, migrations, laterMigrations }
    let isDone = false
    while (!isDone) {
      isDone = await runWorker(job, (message) => {
        course.note(message)
        if (!('phase' in message)) return false
        told.onProgress?.(message)
        const isMiddle = kill && !spared.has(message.phase) && message.done >= message.total / 2
        if (!isMiddle) return false
        spared.add(message.phase)
        told.onKill?.(message.phase)
        return true
      })
    }
    const halves = await course.close()
    const wanted = { tenants, tables: TABLES, migrations: (await readdir(laterMigrations)).sort() }
    return { halves, reports: course.reports, kills: spared.size, findings: await verify(servers, wanted) }
  } finally {
    await course.close()
    await rm(laterMigrations, { recursive: true, force: true })
  }
}

interface OpenHalf {
  readonly phase: Phase
  readonly tenants: number
  readonly since: number
  readonly stopWatch: () => Promise<number>
}

/** Takes the time of each half, and counts its connections. */
class Course {
  readonly reports: FleetReport['reports'][number][] = []
  readonly #servers: Servers
  readonly #closed: Array<Promise<Half>> = []
  #open: OpenHalf | undefined

  constructor (servers: Servers) {
    this.#servers = servers
  }

  note (message: Message): void {
    if ('report' in message) this.reports.push(message.report)
    // A process that is started again finds the first half done and says so.
    if (!('phase' in message) || message.phase === this.#open?.phase || message.done === message.total) return
    this.#end()
    this.#open = { phase: message.phase, tenants: message.total - message.done, since: performance.now(), stopWatch: watchConnections(this.#servers) }
  }

  async close (): Promise<readonly Half[]> {
    this.#end()
    return await Promise.all(this.#closed)
  }

  #end (): void {
    if (this.#open === undefined) return
    const { phase, tenants, since, stopWatch } = this.#open
    this.#open = undefined
    const ms = performance.now() - since
    this.#closed.push(stopWatch().then((peakConnections) => ({ phase, tenants, ms, peakConnections })))
  }
}

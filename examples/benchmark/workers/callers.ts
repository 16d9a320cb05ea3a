import type { Client, VisitingClient } from '../clients/client.ts'
import { measureOf } from '../measuring/percentiles.ts'
import type { Holdings, Measure, Work } from './messages.ts'

/** How often a statement among fast ones is a slow one. */
const SLOW_SHARE = 0.005

interface Run {
  readonly work: Work
  readonly callers: number
  readonly milliseconds: number
}

/** Lets `callers` work side by side for that long, each one awaiting what it asked for before it asks again. */
export async function runCallers (client: Client, { work, callers, milliseconds }: Run): Promise<Measure> {
  const latencies: number[] = []
  let count = 0
  const cpu = process.cpuUsage()
  const start = performance.now()
  const end = start + milliseconds

  async function loop (): Promise<void> {
    let since = performance.now()
    // Once at least: on a busy machine a short run may be over before its callers come in.
    do {
      const isSlow = work === 'mixed' && Math.random() < SLOW_SHARE
      if (isSlow) await client.slow()
      else if (work === 'transaction') await client.transaction()
      else await client.statement()
      const now = performance.now()
      if (!isSlow) latencies.push(now - since)
      since = now
      count++
    } while (since < end)
  }

  await Promise.all(Array.from({ length: callers }, loop))
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return measureOf({ count, milliseconds: elapsed, cpu: user + system, latencies })
}

interface Visit {
  readonly first: number
  readonly last: number
  readonly callers: number
}

/** Runs one statement as each of these tenants, and tells what the process holds afterwards. */
export async function visitOnce (client: VisitingClient, { first, last, callers }: Visit): Promise<Holdings> {
  const start = performance.now()
  let next = first
  await Promise.all(Array.from({ length: callers }, async () => {
    while (next <= last) await client.visit(next++)
  }))
  const milliseconds = performance.now() - start
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { milliseconds, heap: heapUsed, resident: rss, stats: await client.stats() }
}

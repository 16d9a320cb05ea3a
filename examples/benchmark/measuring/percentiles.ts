import type { Measure } from '../workers/messages.ts'

interface Run {
  readonly count: number
  readonly milliseconds: number
  readonly cpu: number
  readonly latencies: number[]
}

/** Returns a run's figures; the latencies are sorted after everything was measured. */
export function measureOf ({ latencies, ...run }: Run): Measure {
  const sorted = Float64Array.from(latencies).sort()
  return { ...run, p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), p99: percentile(sorted, 0.99) }
}

function percentile (sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

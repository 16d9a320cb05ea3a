import type { Measure } from '../workers/messages.ts'
import type { Pair } from './compare.ts'

/** The least, the middle and the greatest of the rounds. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** One figure of the base, of the contender, and of the contender divided by the base in the same pair. */
export interface Figure {
  readonly base: Spread
  readonly own: Spread
  readonly ratio: Spread
}

/** What is read from a run: calls per second, Node's CPU per call in microseconds, and latencies in milliseconds. */
const METRICS = {
  perSecond: ({ count, milliseconds }: Measure) => count / milliseconds * 1000,
  cpu: ({ cpu, count }: Measure) => cpu / count,
  p50: ({ p50 }: Measure) => p50,
  p95: ({ p95 }: Measure) => p95,
  p99: ({ p99 }: Measure) => p99
} as const

export type Summary = Readonly<Record<keyof typeof METRICS, Figure>>

/** One line of a table. */
export interface Row {
  readonly label: string
  readonly figures: Summary
  /** The throughput as a multiple of that of `sql.begin` in the same round; undefined where there is no such line. */
  readonly timesBegin?: Spread | undefined
}

/** Returns the figures of the pairs. The ratio is that of each pair, never of two medians. */
export function summarise (pairs: readonly Pair[]): Summary {
  const figure = (read: (measure: Measure) => number): Figure => ({
    base: spreadOf(pairs.map(({ base }) => read(base))),
    own: spreadOf(pairs.map(({ own }) => read(own))),
    ratio: spreadOf(pairs.map(({ base, own }) => read(own) / read(base)))
  })
  return {
    perSecond: figure(METRICS.perSecond),
    cpu: figure(METRICS.cpu),
    p50: figure(METRICS.p50),
    p95: figure(METRICS.p95),
    p99: figure(METRICS.p99)
  }
}

/** Returns the throughput as a multiple of another line's, round by round: what the base did meanwhile is in neither. */
export function timesOf (own: readonly Pair[], other: readonly Pair[]): Spread {
  return spreadOf(own.flatMap((pair, round) => {
    const beside = other[round]
    return beside === undefined ? [] : [METRICS.perSecond(pair.own) / METRICS.perSecond(beside.own)]
  }))
}

/** Returns the least, the middle and the greatest. */
export function spreadOf (values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? NaN
  const middle = (sorted.length - 1) / 2
  const median = ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
  return { min: at(0), median, max: at(1) }
}

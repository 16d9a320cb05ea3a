import { parseArgs } from 'node:util'
import type { Timing } from './measuring/compare.ts'
import type { Sizes } from './rows.ts'

/** What a run of the benchmark does. */
export interface BenchmarkOptions {
  readonly isQuick: boolean
  /** Only lines that have one of these texts in their title or label; all if there is none. */
  readonly only: readonly string[]
  /** Where the JSON file goes; the usual place if it is left out. */
  readonly output: string | undefined
  readonly sizes: Sizes
  /** How many tenants are used once each. */
  readonly visits: number
  readonly timing: Timing
}

export const USAGE = `npm run bench -- [options]
  --quick            a smoke run: short, few tenants, one round; its figures mean nothing
  --only <text>      only lines with this text in title or label; may be given several times
  --output <path>    the JSON file (examples/benchmark/results.json)
  --tenants <n>      how many tenants are used once each (10000)
  --rounds <n>       how often each pair is measured (9)
  --milliseconds <n> how long each run is (100)
  --warm-up <n>      how many milliseconds a line may take to get warm (4000)
DATABASE_URL: another server, as an administrator who may create databases and roles.`

/** Reads the arguments. */
export function readOptions (args: string[]): BenchmarkOptions {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      output: { type: 'string' },
      tenants: { type: 'string' },
      rounds: { type: 'string' },
      milliseconds: { type: 'string' },
      'warm-up': { type: 'string' }
    }
  })
  const isQuick = values.quick
  return {
    isQuick,
    only: values.only.map((text) => text.toLowerCase()),
    output: values.output,
    sizes: isQuick ? [1, 3, 10, 30] : [1, 10, 100, 1000],
    visits: count('tenants', values.tenants) ?? (isQuick ? 300 : 10_000),
    timing: {
      rounds: count('rounds', values.rounds) ?? (isQuick ? 1 : 9),
      milliseconds: count('milliseconds', values.milliseconds) ?? (isQuick ? 50 : 100),
      warmUp: isQuick ? { slice: 50, longest: 50 } : { slice: 200, longest: count('warm-up', values['warm-up']) ?? 4_000 }
    }
  }
}

function count (name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} takes a number from 1 to 999999.`)
  return Number(text)
}

// What `npm run soak` runs: tenants that do everything, while everything breaks, and then the question what is true.
import { setTimeout as sleep } from 'node:timers/promises'
import { assertNothingLost } from './aftermath.ts'
import { work } from './callers.ts'
import { breakThings } from './faults/schedule.ts'
import { Ledger } from './ledger.ts'
import { type SoakOptions, USAGE, readOptions } from './options.ts'
import { randomOf } from './random.ts'
import { WHOLE_SECONDS, assertDoubtsExplained, assertEverythingHappened, missing, print } from './report.ts'
import { judge } from './verdict.ts'
import { type World, openWorld } from './world/world.ts'

const OVERTIME_MS = 30_000
/** How long everything may take that comes after the soak's time is over. */
const END_MS = 60_000

if (process.argv.includes('--help')) console.log(USAGE)
else await start(process.argv.slice(2)).then((code) => process.exit(code), explain)

// Whoever listens to what nobody caught would take this for something that was seen during the run.
function explain (error: unknown): void {
  console.error(error)
  process.exit(1)
}

async function start (args: string[]): Promise<number> {
  let options: SoakOptions
  try {
    options = readOptions(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return 2
  }
  const ledger = new Ledger()
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (error: unknown) => ledger.broken(`no ${event}`, error instanceof Error ? error.stack ?? error.message : String(error)))
  }
  const world = await openWorld(ledger)
  const deadline = setTimeout(() => {
    ledger.broken('the soak ends', `it still waits ${END_MS / 1000} s after its time`)
    print(ledger, `${options.seconds} s; repeat the choices with --seed ${options.seed}`)
    process.exit(1)
  }, options.seconds * 1000 + OVERTIME_MS + END_MS)
  try {
    await soak(world, ledger, options)
  } finally {
    await world.end()
    clearTimeout(deadline)
  }
  print(ledger, `${options.seconds} s, ${ledger.counted('rows', 'found')} rows; repeat the choices with --seed ${options.seed}`)
  return ledger.breaches.length === 0 ? 0 : 1
}

/** Goes on for a while on a machine that has too much to do: a fault that never struck proves nothing. */
async function untilNothingIsMissing (ledger: Ledger, seconds: number, signal: AbortSignal): Promise<void> {
  if (seconds < WHOLE_SECONDS) return
  const until = performance.now() + OVERTIME_MS
  while (!signal.aborted && performance.now() < until && ledger.breaches.length === 0 && missing(ledger).length > 0) await sleep(100)
}

async function soak (world: World, ledger: Ledger, { seconds, seed }: SoakOptions): Promise<void> {
  const random = randomOf(seed)
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  const working = work(world, ledger, random, ending.signal)
  const breaking = breakThings(world, ledger, random.fork('faults'), seconds, ending.signal)
  await sleep(seconds * 1000, undefined, { signal: ending.signal }).catch(() => {})
  await untilNothingIsMissing(ledger, seconds, ending.signal)
  ending.abort()
  await Promise.all([working, breaking])
  await assertNothingLost(world, ledger)
  await judge(world.database.admin, ledger)
  assertDoubtsExplained(ledger)
  assertEverythingHappened(ledger, seconds)
}

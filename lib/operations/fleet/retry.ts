import { setTimeout as sleep } from 'node:timers/promises'

// A lock that somebody has, a deadlock, a serialization failure, a lock table or a server that is full: all of it passes.
const PASSING = new Set(['55P03', '40P01', '40001', '53200', '53300', '57P03', 'FST_TENANCY_MIGRATION_LOCKED'])

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000

/** Runs `fn` again while it fails for a reason that passes, `attempts` times in all, with longer and longer pauses. */
export async function withRetry<T> (attempts: number, fn: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fn()
    } catch (error) {
      if (attempt >= attempts || !isPassing(error)) throw error
      // Half of it by chance: those that met once would meet again.
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2))
    }
  }
}

function isPassing (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return PASSING.has(String(Reflect.get(error, 'code'))) || isPassing(error.cause)
}

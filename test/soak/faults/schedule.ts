import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from '../ledger.ts'
import { type Random, deckOf } from '../random.ts'
import { TENANTS } from '../world/tenants.ts'
import type { World } from '../world/world.ts'
import { PROXY_FAULTS } from './kinds.ts'

const ARM_MS = 250
const TERMINATE_MS = 600
const CHANGE_MS = 350
/** Twice in the shortest run, and often enough in a long one. */
const RESTART_MS = 20_000

/** Breaks connections, sessions, tables and the server, until the signal says that it is enough. */
export async function breakThings (world: World, ledger: Ledger, random: Random, seconds: number, signal: AbortSignal): Promise<void> {
  const { arsenal, proxy } = world
  const nextFault = deckOf(PROXY_FAULTS, random.fork('proxy'))
  const armMs = Math.min(ARM_MS, seconds * 1000 * 0.7 / PROXY_FAULTS.length)
  await Promise.all([
    repeat(armMs, signal, async () => {
      arsenal.arm(nextFault())
      for (const link of proxy.links) link.idle()
    }),
    repeat(TERMINATE_MS, signal, () => terminate(world, ledger, random)),
    repeat(CHANGE_MS, signal, () => changeTable(world, ledger, random)),
    restarts(world, ledger, Math.min(RESTART_MS, seconds * 1000 / 3), signal)
  ])
  arsenal.disarm()
}

async function repeat (milliseconds: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await sleep(milliseconds)
    if (!signal.aborted) await act()
  }
}

async function restarts ({ server }: World, ledger: Ledger, milliseconds: number, signal: AbortSignal): Promise<void> {
  const modes = ['fast', 'immediate'] as const
  for (let at = 0; ; at++) {
    await sleep(milliseconds, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const mode = modes[at % modes.length] ?? 'fast'
    ledger.count('faults', `stop ${mode}`)
    await server.restart(mode, 100)
  }
}

async function terminate ({ database: { admin, appRole } }: World, ledger: Ledger, random: Random): Promise<void> {
  const pids = await admin<{ pid: number }[]>`select pid from pg_stat_activity where usename = ${appRole}`.catch(() => [])
  const [first, ...others] = pids.map(({ pid }) => pid)
  if (first === undefined) return
  const ended = await admin`select pg_terminate_backend(${random.pick([first, ...others])})`.then(() => true, () => false)
  if (ended) ledger.count('faults', 'terminate a backend')
}

/** Adds a column to a table that is in use, or takes it away: what is prepared for it no longer fits. */
async function changeTable ({ database: { admin } }: World, ledger: Ledger, random: Random): Promise<void> {
  const { schema } = TENANTS[random.below(TENANTS.length)] ?? { schema: 'shared' }
  const changed = await admin.begin(async (tx) => {
    await tx`set local lock_timeout = 150`
    const [there] = await tx`select 1 from information_schema.columns where table_schema = ${schema} and table_name = 'shapes' and column_name = 'lately'`
    await tx.unsafe(`alter table "${schema}".shapes ${there === undefined ? 'add column lately int default 7' : 'drop column lately'}`)
    return true
  }).catch(() => false)
  if (changed) ledger.count('faults', 'change a table')
}

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
  const ended = await admin.query(['select pg_terminate_backend(pid) as ended from pg_stat_activity where usename = $1 order by md5(pid || $2) limit 1', appRole, String(random.below(1_000_000))]).catch(() => [])
  if (ended[0]?.['ended'] === true) ledger.count('faults', 'terminate a backend')
}

/** Adds a column to a table that is in use, and takes it away: what is prepared for it no longer fits. Another one's type is changed, and may stay so. */
async function changeTable ({ database: { admin } }: World, ledger: Ledger, random: Random): Promise<void> {
  const { schema } = TENANTS[random.below(TENANTS.length)] ?? { schema: 'shared' }
  const changed = await admin.query("set lock_timeout = '150ms'", `alter table "${schema}".shapes add column if not exists lately int default 7`).then(() => true, () => false)
  await admin.query("set lock_timeout = '150ms'", `alter table "${schema}".kinds alter column part type ${random.below(2) === 0 ? 'text' : 'integer using part::integer'}`).catch(() => {})
  await sleep(random.below(200))
  const changedBack = await admin.query("set lock_timeout = '150ms'", `alter table "${schema}".shapes drop column if exists lately`).then(() => true, () => false)
  if (changed && changedBack) ledger.count('faults', 'change a table')
}

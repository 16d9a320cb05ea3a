import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { REGISTRY_CHANNEL, withOwner } from '../../data/owner/index.ts'
import type { Migration } from './files.ts'

const CHANGES = `${quoteIdentifier(CONTROL_SCHEMA)}.schema_changes`

/** How long a process that was killed is believed to change tables still. */
const UNTIL = "pg_catalog.clock_timestamp() + interval '60 s'"
const HEARTBEAT_MS = 15_000

/** The longest that a process that is told takes to hear of it, whatever the cache says: it takes what comes together together. */
const HEARD_MS = 500

/** Returns when every process has heard of what was written for it before this. */
export async function untilHeard ({ registryCacheMs }: TenancyConfig): Promise<void> {
  await sleep(Math.max(registryCacheMs, HEARD_MS))
}

/**
 * Runs `fn`, which changes tables of tenants, when every process knows of it: from then until it is over, none of them uses in a
 * transaction what it has prepared before (D-08). They hear of it, and believe what they knew for `registryCacheMs` at most.
 */
export async function announced<T> (config: TenancyConfig, home: Sql, fn: () => Promise<T>): Promise<T> {
  const [row] = await home.unsafe(`insert into ${CHANGES} (until) values (${UNTIL}) returning id::text as id`)
  const id = String(row?.['id'])
  // What matters is the greatest number, and what is under way.
  await home.unsafe(`delete from ${CHANGES} where id < $1 and until < pg_catalog.clock_timestamp()`, [id])
  await home.unsafe('select pg_catalog.pg_notify($1, $2)', [REGISTRY_CHANNEL, ''])
  await untilHeard(config)
  // A connection that is lost ends the run anyway.
  const heartbeat = setInterval(() => { home.unsafe(`update ${CHANGES} set until = ${UNTIL} where id = $1`, [id]).catch(() => {}) }, HEARTBEAT_MS)
  try {
    return await fn()
  } finally {
    clearInterval(heartbeat)
    await home.unsafe(`update ${CHANGES} set until = pg_catalog.clock_timestamp() where id = $1`, [id]).catch(() => {})
  }
}

/** The work would change tables that somebody may be using, and nobody was told. */
class Unannounced extends Error {}

/**
 * Runs `work`, a transaction; and where it would change tables that are in use, once more, when every process knows of it. What
 * nobody uses yet needs no announcement: the milliseconds of a new tenant matter.
 */
export async function announcedIfUsed<T> (config: TenancyConfig, work: (isAnnounced: boolean) => Promise<T>): Promise<T> {
  try {
    return await work(false)
  } catch (error) {
    if (!(error instanceof Unannounced)) throw error
    // On a connection of its own: whoever works on another keeps it, and the heartbeat must not wait for that.
    return await withOwner(config, (home) => announced(config, home, () => work(true)))
  }
}

/** Stops what {@link announcedIfUsed} has to announce before: a schema that has had some migrations gets others. */
export function assertAnnounced (isAnnounced: boolean, pending: readonly Migration[], all: readonly Migration[]): void {
  if (!isAnnounced && pending.length > 0 && pending.length < all.length) throw new Unannounced('tables that are in use would be changed')
}

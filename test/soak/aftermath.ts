import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'
import { codeOf } from './operations/errors.ts'
import { TENANTS } from './world/tenants.ts'
import type { SoakTenancy, World } from './world/world.ts'

const PATIENCE_MS = 5_000
const ATTEMPTS = 3

/** When the faults have ended, everything has to be there again: every tenant is served, by as many connections as there may be. */
export async function assertNothingLost (world: World, ledger: Ledger): Promise<void> {
  for (const place of world.tenancies) {
    const promise = `nothing is lost for good (${place.max} connections)`
    await serveAll(place).catch((error: unknown) => ledger.broken(promise, `a tenant is not served: ${codeOf(error)}`))
    await fill(place).catch((error: unknown) => ledger.broken(promise, `not every connection can be had: ${codeOf(error)}`))
    const left = await untilQuiet(place)
    if (left !== undefined) ledger.broken(promise, left)
  }
}

/** A connection that a fault has left may be noticed by the first that uses it. */
async function serveAll ({ tenancy }: SoakTenancy): Promise<void> {
  for (const { id } of TENANTS) {
    for (let attempt = 1; ; attempt++) {
      try {
        const [row] = await tenancy.runWithTenant(id, () => tenancy.sql`select tenant_id from marks where id = 1`)
        if (row?.['tenant_id'] !== id) throw new Error('the answer is another tenant\'s')
        break
      } catch (error) {
        if (attempt === ATTEMPTS) throw error
        await sleep(500)
      }
    }
  }
}

/** As many transactions at the same moment as connections may be had alone, each of another tenant: they wait for each other. */
async function fill ({ tenancy, max }: SoakTenancy): Promise<void> {
  const count = Math.max(1, max - 1)
  let arrived = 0
  let open = (): void => {}
  const all = new Promise<void>((resolve) => { open = resolve })
  await Promise.all(TENANTS.slice(0, count).map(async ({ id }) => await tenancy.runWithTenant(id, () => tenancy.sql.begin(async (tx) => {
    await tx`select 1`
    if (++arrived === count) open()
    await all
    await tx`select 1`
  }))))
}

async function untilQuiet ({ tenancy, max }: SoakTenancy): Promise<string | undefined> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const { lanes: { connections, held, waiting } } = await tenancy.stats()
    const isQuiet = held === 0 && waiting === 0 && connections.alone === 0 && connections.opening === 0 && connections.shared <= max
    if (isQuiet) return undefined
    if (performance.now() > until) return `still ${JSON.stringify({ held, waiting, connections })}`
    await sleep(50)
  }
}

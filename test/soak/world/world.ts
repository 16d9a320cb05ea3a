import { type Tenancy, createTenancy } from '../../../lib/index.ts'
import { Arsenal } from '../faults/arsenal.ts'
import { type SoakProxy, startProxy } from '../faults/proxy.ts'
import type { Ledger } from '../ledger.ts'
import { type SoakServer, startSoakServer } from './server.ts'
import { type SoakDatabase, TENANTS, createTenants } from './tenants.ts'

/** How long things may take: short, so that a deadline passes often. */
export const TIMEOUTS = { connect: 1_000, acquire: 1_500, statement: 500, transaction: 1_200 } as const

/** Few connections, so that everybody waits for them. */
const LANES = [{ max: 2, waiting: 40 }, { max: 4 }, { max: 8 }] as const

/** An open tenancy, and how many connections it has. */
export interface SoakTenancy {
  readonly tenancy: Tenancy
  readonly max: number
}

/** A server, a proxy in front of it, and the tenancies behind that. */
export interface World {
  readonly server: SoakServer
  readonly database: SoakDatabase
  readonly arsenal: Arsenal
  readonly proxy: SoakProxy
  readonly tenancies: readonly SoakTenancy[]
  end (): Promise<void>
}

/** Starts everything. */
export async function openWorld (ledger: Ledger): Promise<World> {
  const server = await startSoakServer()
  try {
    return await openOn(server, ledger)
  } catch (error) {
    await server.end()
    throw error
  }
}

async function openOn (server: SoakServer, ledger: Ledger): Promise<World> {
  const database = await createTenants(server.url)
  const arsenal = new Arsenal(ledger)
  const proxy = await startProxy(Number(new URL(database.appUrl).port), arsenal, TENANTS.map(({ id }) => id))
  const url = new URL(database.appUrl)
  url.port = String(proxy.port)
  const tenancies = await Promise.all(LANES.map(async (lanes) => ({
    max: lanes.max,
    tenancy: await createTenancy({ mode: 'multi', database: url.href, lanes, timeouts: TIMEOUTS, registryCacheMs: 5_000, log: { info () {}, warn () {}, error () {} } })
  })))
  return {
    server,
    database,
    arsenal,
    proxy,
    tenancies,
    async end () {
      for (const { tenancy } of tenancies) await tenancy.close()
      proxy.end()
      await server.end()
    }
  }
}

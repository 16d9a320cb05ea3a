import type { TransactionSql } from 'postgres'
import { HOME, type TenancyConfig, databaseAt } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { listTenants } from '../../data/registry/index.ts'
import { NotSetUpError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { DEFAULT_SERVER, type Place } from '../../words/types.ts'

/** Runs `fn` as one transaction of the owner where the registry is. */
export async function atHome<T> (config: TenancyConfig, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return await at(config, HOME, fn)
}

/**
 * Runs `fn` as one transaction of the owner in each other database of the deployment, one after the other. A server that no
 * tenant has been on yet is left out: it learns what there is to know with its first tenant.
 */
export async function atOthers<T> (config: TenancyConfig, fn: (tx: TransactionSql, place: Place) => Promise<T>): Promise<readonly T[]> {
  const { deployment, places } = await atHome(config, async (tx) => ({ deployment: await deploymentOf(tx), places: await otherPlaces(config, tx) }))
  const results: T[] = []
  for (const place of places) {
    try {
      await at(config, place, async (tx) => {
        if (await deploymentOf(tx) === deployment) results.push(await fn(tx, place))
      })
    } catch (error) {
      if (!(error instanceof NotSetUpError)) throw error
    }
  }
  return results
}

async function at<T> (config: TenancyConfig, place: Place, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return await withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, fn), place)
}

async function deploymentOf (tx: TransactionSql): Promise<string> {
  const [row] = await tx.unsafe(`select deployment::text as deployment from ${quoteIdentifier(CONTROL_SCHEMA)}.place`)
  return String(row?.['deployment'])
}

async function otherPlaces (config: TenancyConfig, tx: TransactionSql): Promise<readonly Place[]> {
  const servers = Object.keys(config.servers).map((server) => ({ server, database: null })).filter((place) => databaseAt(config, 'ownerDatabase', place) !== undefined)
  const tenants = (await listTenants(tx, config)).filter(({ database, status }) => database !== null && status !== 'deleted' && status !== 'provisioning')
  const own = tenants.map(({ server, database }) => ({ server, database })).filter(({ server }) => server === DEFAULT_SERVER || Object.hasOwn(config.servers, server))
  return [...servers, ...own]
}

import type { TransactionSql } from 'postgres'
import type { Tenant } from '../../words/types.ts'
import { settingsOf } from '../../data/isolation/index.ts'
import { applySettings } from '../migrations/index.ts'

/** What decides how values are written as text, so that both places write them alike. */
const TEXT_SETTINGS = {
  timezone: 'UTC', datestyle: 'ISO, YMD', intervalstyle: 'postgres', extra_float_digits: '1', bytea_output: 'hex', xmloption: 'content', lc_monetary: 'C'
}

/**
 * Sets the tenant settings until the transaction ends, and how values are written. The owner is held by row security too:
 * without this it sees nobody's rows, and with it this tenant's alone.
 */
export async function enterTenant (tx: TransactionSql, tenant: Tenant, extensionsSchema: string): Promise<void> {
  const names = Object.keys(TEXT_SETTINGS)
  await Promise.all([
    applySettings(tx, settingsOf(tenant, extensionsSchema)),
    tx.unsafe(`select ${names.map((name, at) => `pg_catalog.set_config('${name}', $${at + 1}, true)`).join(', ')}`, Object.values(TEXT_SETTINGS))
  ])
}

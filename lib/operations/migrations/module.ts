import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TransactionSql } from 'postgres'
import { MigrationRefusedError } from '../../words/errors/index.ts'

/** A migration in JavaScript or TypeScript: it gets the transaction, which has the tenant's settings. */
export type MigrationModule = (sql: TransactionSql) => unknown

const NO_TYPESCRIPT = 'this Node.js runs no TypeScript: use Node.js 22.18 or later, start the process with a loader ("node --import tsx"), or make a ".js" file of it.'

/**
 * Loads the function that a migration's file exports by default.
 *
 * @throws {MigrationRefusedError} FST_TENANCY_MIGRATION_REFUSED — it cannot be loaded here, or exports no function.
 */
export async function loadModule (path: string, name: string, checksum: string): Promise<MigrationModule> {
  const exported = await importDefault(path, name, checksum)
  if (!isFunction(exported)) throw new MigrationRefusedError(name, 'its default export must be a function: export default async (sql) => { … }.')
  return exported
}

async function importDefault (path: string, name: string, checksum: string): Promise<unknown> {
  // With its checksum, so that a process that lives on gets the text that was checked and not the one it loaded before; and
  // with its extension at the end, where some loaders of TypeScript look for it.
  const url = `${pathToFileURL(resolve(path)).href}?${checksum.slice(0, 16)}${extname(path)}`
  try {
    const module: unknown = await import(url)
    return typeof module === 'object' && module !== null ? Reflect.get(module, 'default') : undefined
  } catch (cause) {
    const isUnknown = cause instanceof Error && Reflect.get(cause, 'code') === 'ERR_UNKNOWN_FILE_EXTENSION'
    throw new MigrationRefusedError(name, isUnknown ? NO_TYPESCRIPT : 'it cannot be loaded; its cause says why.', { cause })
  }
}

function isFunction (value: unknown): value is MigrationModule {
  return typeof value === 'function'
}

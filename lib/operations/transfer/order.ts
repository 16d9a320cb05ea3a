import { TransferCycleError } from '../../words/errors/index.ts'
import type { TableShape } from './shape.ts'

/**
 * Returns the tables so that each one comes behind those that its foreign keys lead to.
 *
 * @throws {TransferCycleError} FST_TENANCY_TRANSFER_CYCLE — there is no such order; the message names a table.
 */
export function inForeignKeyOrder (tables: readonly TableShape[]): readonly TableShape[] {
  const ordered: TableShape[] = []
  const done = new Set<string>()
  const names = new Set(tables.map(({ name }) => name))
  let waiting = tables
  while (waiting.length > 0) {
    const ready = waiting.filter(({ parents }) => parents.every((parent) => done.has(parent) || !names.has(parent)))
    if (ready.length === 0) throw new TransferCycleError(waiting[0]?.name ?? '')
    for (const table of ready) done.add(table.name)
    ordered.push(...ready)
    waiting = waiting.filter(({ name }) => !done.has(name))
  }
  return ordered
}

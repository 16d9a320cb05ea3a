import type { SigningStatus } from '../../../operations/signing/index.ts'
import { CommandUsageError } from '../../../words/errors/index.ts'
import { createSigning } from '../../tenancy/index.ts'
import type { CommandSpec } from '../command.ts'
import type { Outcome, Row } from '../output.ts'
import { text } from '../readers.ts'

const ACTIONS = ['status', 'add', 'require', 'allow-plain', 'stop', 'retire'] as const

export const signing: CommandSpec = {
  name: 'signing',
  description: 'The keys that sign the tenant context, in every database: show them, add those of the option signing (TENANT_SIGNING), take nothing unsigned, take plain ids again, stop, or retire a key.',
  arguments: [
    { usage: '<action>', description: `one of ${ACTIONS.join(', ')}`, read: text },
    { usage: '[key]', description: 'the id of the key to retire', read: text }
  ],
  run: async ({ values, config }) => {
    const action = ACTIONS.find((name) => name === values.required('action'))
    const key = values.text('key')
    if (action === undefined) throw new CommandUsageError(`the action must be one of ${ACTIONS.join(', ')}`)
    if ((action === 'retire') !== (key !== undefined)) throw new CommandUsageError('"retire" needs the id of a key, and nothing else takes one')
    // Not a whole tenancy: that one would not start with keys that the database does not know yet.
    const tenancy = createSigning(await config())
    if (action === 'add') await tenancy.add()
    if (action === 'require') await tenancy.require()
    if (action === 'allow-plain') await tenancy.allowPlain()
    if (action === 'stop') await tenancy.stop()
    if (key !== undefined) await tenancy.retire(key)
    return outcomeOf(await tenancy.status())
  }
}

function outcomeOf (status: readonly SigningStatus[]): Outcome {
  return { json: status, rows: status.flatMap(rowsOf) }
}

/** A line for each key of a database, or one that it has none. */
function rowsOf ({ server, database, stage, keys, unsignedTables, clockAheadMs }: SigningStatus): readonly Row[] {
  const place = { database: database === null ? server : `${server}/${database}`, stage, unsigned: `${unsignedTables.length} tables`, clock: `${clockAheadMs} ms ahead` }
  if (keys.length === 0) return [{ ...place, key: 'none', state: '' }]
  return keys.map(({ id, addedAt, retiredAt }) => ({ ...place, key: id, state: retiredAt === null ? `since ${addedAt.toISOString()}` : `retired ${retiredAt.toISOString()}` }))
}

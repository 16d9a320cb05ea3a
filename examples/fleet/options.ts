import { parseArgs } from 'node:util'
import { fleetOf, idOf } from './tenants.ts'

/** What a run of the example does. */
export interface FleetOptions {
  readonly tenants: number
  /** How many tenants are worked on at the same time. */
  readonly concurrency: number
  /** The id of a tenant whose migration is to fail. */
  readonly fail: string | undefined
  /** Whether the process that does the work is killed in the middle of each half, and started again. */
  readonly kill: boolean
  /** Whether the servers go on until Ctrl-C. */
  readonly keep: boolean
  /** Two servers that are there already, as administrators; none starts two. */
  readonly servers: readonly string[]
}

export const USAGE = `npm run fleet -- [options]
  --tenants <n>      how many tenants (1000)
  --concurrency <n>  how many are worked on at the same time (8)
  --fail <number>    the migration of this tenant fails; it is repaired, and resume does the one
  --kill             kills the working process in the middle of provisioning and of migrating, and starts it again
  --keep             leaves the servers running until Ctrl-C, with their URLs printed
  --server <url>     a server that is there, as administrator; to be given twice. The same command again goes on where it was`

/** Reads the arguments. */
export function readOptions (args: string[]): FleetOptions {
  const { values } = parseArgs({
    args,
    options: {
      tenants: { type: 'string', default: '1000' },
      concurrency: { type: 'string', default: '8' },
      fail: { type: 'string' },
      kill: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      server: { type: 'string', multiple: true, default: [] }
    }
  })
  const tenants = count('tenants', values.tenants)
  const fail = values.fail === undefined ? undefined : count('fail', values.fail)
  if (values.server.length !== 0 && values.server.length !== 2) throw new Error('--server is to be given twice, or not at all.')
  const failing = fleetOf(tenants).find(({ id }) => fail !== undefined && id === idOf(fail))
  if (fail !== undefined && (failing === undefined || failing.isolation === 'rls')) {
    throw new Error('--fail takes the number of a tenant with tables of its own, such as 500: those that share a schema are migrated together.')
  }
  return { tenants, concurrency: count('concurrency', values.concurrency), fail: failing?.id, kill: values.kill, keep: values.keep, servers: values.server }
}

function count (name: string, text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`--${name} takes a number from 1 to 99999.`)
  return Number(text)
}

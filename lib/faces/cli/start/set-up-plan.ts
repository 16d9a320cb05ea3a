import { type RoleRequest, roleOf, setUpDatabase } from '../../../operations/roles/index.ts'
import { type DatabaseOption, type TenancyConfig, databaseAt } from '../../../settings/config/index.ts'
import { DEFAULT_SERVER } from '../../../words/types.ts'

/** How each server would be set up: the names of its roles, or why it cannot be. */
export type SetUpPlan = ReadonlyArray<{
  readonly server: string
  readonly owner: string
  readonly app: string
  readonly operator?: string
  readonly problem?: string
}>

/** Returns how every server of the options would be set up. */
export function planSetUp (config: TenancyConfig): SetUpPlan {
  return serversOf(config).map((server) => {
    const at = (role: Parameters<typeof databaseAt>[1]): DatabaseOption | undefined => databaseAt(config, role, { server, database: null })
    const name = (database: DatabaseOption | undefined): string => database === undefined ? '' : roleOf(database)
    const operator = at('operatorDatabase')
    const missing = (['adminDatabase', 'ownerDatabase'] as const).filter((role) => at(role) === undefined)
    return {
      server,
      owner: name(at('ownerDatabase')),
      app: name(at('database')),
      ...(operator === undefined ? {} : { operator: name(operator) }),
      ...(missing.length === 0 ? {} : { problem: `its ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set` })
    }
  })
}

/**
 * Sets up every server whose administrator the options name. It can be done again and again.
 *
 * @throws {RoleSetupFailedError} FST_TENANCY_ROLE_SETUP_FAILED, and the other errors of `setUpDatabase`.
 */
export async function setUpServers (config: TenancyConfig, onServer: (server: string) => void): Promise<SetUpPlan> {
  const plan = planSetUp(config)
  for (const { server, problem } of plan) {
    const place = { server, database: null }
    const [adminDatabase, owner, app, operator] = (['adminDatabase', 'ownerDatabase', 'database', 'operatorDatabase'] as const).map((role) => databaseAt(config, role, place))
    if (problem !== undefined || adminDatabase === undefined || owner === undefined || app === undefined) continue
    onServer(server)
    const { sharedSchema, extensionsSchema, locked } = config
    // Other servers learn the keys of the one with the registry, with their first tenant.
    const signing = config.signing === undefined || server !== DEFAULT_SERVER ? {} : { signing: { keys: Object.fromEntries(config.signing.keys), current: config.signing.current } }
    await setUpDatabase({ ...signing, adminDatabase, owner: roleIn(owner), app: roleIn(app), ...(operator === undefined ? {} : { operator: roleIn(operator) }), sharedSchema, extensionsSchema, locked })
  }
  return plan
}

function serversOf (config: TenancyConfig): readonly string[] {
  return [DEFAULT_SERVER, ...Object.keys(config.servers)]
}

/** The role that a database option logs in as. One whose password a function gives keeps the one that it has. */
function roleIn (database: DatabaseOption): RoleRequest {
  const name = roleOf(database)
  const given = typeof database === 'string' ? decodeURIComponent(new URL(database).password) : database.pass ?? database.password
  return typeof given === 'string' && given !== '' ? { name, password: given } : { name }
}

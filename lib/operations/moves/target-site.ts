import { MoveRefusedError, OptionsInvalidError } from '../../words/errors/index.ts'
import type { Tenant } from '../../words/types.ts'
import { type TenancyConfig, databaseAt } from '../../settings/config/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { logInsFor } from '../provisioning/index.ts'
import { isRecord, unknownNames } from '../roles/index.ts'
import type { MoveTarget } from './job.ts'
import type { Site } from './state.ts'

/**
 * Returns the place that a tenant is to go to.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — it cannot be read.
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — the tenant is there already.
 */
export function targetSite (config: TenancyConfig, tenant: Tenant, to: MoveTarget): Site {
  const { isolation = tenant.isolation, server = tenant.server } = checked(to)
  const strategy = strategyOf(isolation)
  const target = { isolation, server, schema: strategy.schemaOf(tenant.id, config), database: strategy.databaseOf(tenant.id, config) }
  databaseAt(config, 'database', target)
  if (target.database !== null) logInsFor(config, target)
  if (target.server !== tenant.server || target.schema !== tenant.schema || target.database !== tenant.database) return target
  throw new MoveRefusedError(isolation === tenant.isolation
    ? 'it is there already.'
    : 'schema and schema+rls on one server are the same place: move it to another server, or to rls and from there.')
}

function checked (to: MoveTarget): MoveTarget {
  if (!isRecord(to)) throw new OptionsInvalidError('- to must be an object: move(id, { to: { isolation, server } }).')
  const problems = unknownNames('to.', to, ['isolation', 'server', 'node'])
  if (to.server !== undefined && typeof to.server !== 'string') problems.push('to.server must be the name of a server.')
  if (problems.length > 0) throw new OptionsInvalidError(problems.map((problem) => `- ${problem}`).join('\n'))
  return to
}

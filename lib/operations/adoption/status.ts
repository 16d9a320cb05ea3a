import type { TenancyConfig } from '../../settings/config/index.ts'
import { assertSetUp, withAdopter } from './connection.ts'
import { serviceRoles } from './grants.ts'
import { type SessionUse, readSessions } from './observe.ts'
import type { AdoptionTarget } from './plan.ts'
import { type AdoptionStage, findState, listSources } from './state.ts'

/** How far the adoption of a schema is. */
export interface AdoptionStatus {
  readonly schema: string
  readonly stage: AdoptionStage
  readonly tenant: string
  readonly target: AdoptionTarget
  /** Processes that are still logged in as the service was before: "finish" waits for nobody, so look here first. */
  readonly oldSessions: readonly SessionUse[]
}

/** Returns every adoption of the database. */
export async function adoptionStatus (config: TenancyConfig): Promise<readonly AdoptionStatus[]> {
  return await withAdopter(config, async (sql) => {
    await assertSetUp(sql)
    const sessions = await readSessions(sql)
    const found: AdoptionStatus[] = []
    for (const schema of await listSources(sql)) {
      const state = await findState(sql, schema)
      if (state === undefined) continue
      const roles = serviceRoles(state.original)
      found.push({ schema, stage: state.stage, tenant: state.plan.tenant, target: state.plan.target, oldSessions: sessions.filter(({ role }) => roles.includes(role)) })
    }
    return found
  })
}

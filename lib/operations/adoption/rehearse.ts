import { type DatabaseOption, type TenancyConfig } from '../../settings/config/index.ts'
import { type AdoptionReport, enforceAdoption, shadowAdoption, stampAdoption, undoWhole } from './adopt.ts'
import { withCopy } from './copy-database.ts'
import type { AdoptionOptions } from './job.ts'
import { parsePlan } from './plan.ts'
import type { ShadowReport } from './shadow.ts'

/** How a rehearsal is done. */
export interface RehearsalOptions extends AdoptionOptions {
  /** The URL of a copy that is there already, such as one restored from a backup on another server. Its owner and application log in as they do live. */
  readonly on?: string
}

/** What happened on the copy. */
export interface RehearsalReport {
  readonly copyMs: number
  readonly steps: ReadonlyArray<AdoptionReport & { readonly step: 'stamp' | 'enforce' | 'undo' }>
  readonly shadow: ShadowReport
}

/**
 * Does all of it on a copy of the database, there and back, and tells how long each step took and what was locked. What fails
 * there fails here with the same error. A copy that was made for it is dropped.
 */
export async function rehearseAdoption (config: TenancyConfig, plan: unknown, { on, ...options }: RehearsalOptions = {}): Promise<RehearsalReport> {
  const { schema } = parsePlan(plan)
  const began = performance.now()
  const rehearse = async (copy: TenancyConfig): Promise<RehearsalReport> => {
    const copyMs = Math.round(performance.now() - began)
    const stamped = await stampAdoption(copy, plan, options)
    const shadow = await shadowAdoption(copy, schema, options)
    const enforced = await enforceAdoption(copy, schema, options)
    const undone = await undoWhole(copy, schema, options)
    return { copyMs, shadow, steps: [{ step: 'stamp', ...stamped }, { step: 'enforce', ...enforced }, { step: 'undo', ...undone }] }
  }
  return on === undefined ? await withCopy(config, rehearse) : await rehearse(atUrl(config, on))
}

/** The log-ins of the settings where that URL leads. */
function atUrl (config: TenancyConfig, on: string): TenancyConfig {
  const there = (option: DatabaseOption): DatabaseOption => {
    const target = new URL(on)
    if (typeof option !== 'string') return { ...option, host: target.hostname, port: Number(target.port === '' ? 5432 : target.port), database: decodeURIComponent(target.pathname.slice(1)) }
    const url = new URL(option)
    url.hostname = target.hostname
    url.port = target.port
    url.pathname = target.pathname
    return url.href
  }
  return {
    ...config,
    database: there(config.database),
    ...(config.ownerDatabase === undefined ? {} : { ownerDatabase: there(config.ownerDatabase) }),
    adminDatabase: on
  }
}

import {
  type AdoptionOptions, type AdoptionPlan, type AdoptionReport, type AdoptionStatus, type ObserveReport, type PlanRequest, type RehearsalOptions, type RehearsalReport, type ShadowReport,
  adoptionStatus, checkAdoption, enforceAdoption, finishWhole, observeService, planAdoption, rehearseAdoption, shadowAdoption, stampAdoption, undoWhole
} from '../../operations/adoption/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { parseTenantId } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'

/** What a plan is asked for. */
export interface AdoptPlanRequest extends Pick<PlanRequest, 'schema' | 'tenant'>, Partial<Pick<PlanRequest, 'target' | 'baseline' | 'sharedBaseline'>> {}

/** The steps from a live service of one organisation to a tenant, each of which can be run again, and undone until `finish`. */
export interface Adoption {
  /** Proposes what becomes of each table of a schema. Changes nothing; the same catalog makes the same plan. */
  plan (request: AdoptPlanRequest): Promise<AdoptionPlan>
  /** Returns a sentence for whatever of a plan does not fit the database: what CI asks. */
  check (plan: unknown): Promise<readonly string[]>
  /** Does all of it on a copy, there and back, and tells how long it took and what was locked. */
  rehearse (plan: unknown, options?: RehearsalOptions): Promise<RehearsalReport>
  /** Tells what of the code in a folder, and of the statements that the server has counted, would be refused. Changes nothing. */
  observe (plan: unknown, code?: string): Promise<ObserveReport>
  /** Gives the tables their tenant column and their new places; the service goes on through views, and nothing is filtered. */
  stamp (plan: unknown, options?: AdoptionOptions): Promise<AdoptionReport>
  /** Reads every table as the tenant, beside all of it. */
  shadow (schema: string, options?: AdoptionOptions): Promise<ShadowReport>
  /**
   * Puts the policies on and makes the tenant one that is served. The old service goes on through its views.
   *
   * @throws {AdoptionRefusedError} FST_TENANCY_ADOPTION_REFUSED — there is a difference, or something that the plan has not accepted.
   */
  enforce (schema: string, options?: AdoptionOptions): Promise<AdoptionReport>
  /**
   * Takes everything back, at any step before `finish`. What was written meanwhile stays.
   *
   * @throws {AdoptionRefusedError} FST_TENANCY_ADOPTION_REFUSED — another tenant has rows there by now.
   */
  undo (schema: string, options?: AdoptionOptions): Promise<AdoptionReport>
  /** Takes away what the old service used: from then on every statement comes through the plugin, and nothing can be undone. */
  finish (schema: string, options?: AdoptionOptions): Promise<AdoptionReport>
  status (): Promise<readonly AdoptionStatus[]>
}

/** From a live service to tenants. Needs `adminDatabase` and `ownerDatabase`. */
export interface TenancyAdoption {
  /**
   * @example
   * const plan = await tenancy.adopt.plan({ schema: 'zakops', tenant: 'acme', target: 'schema+rls' })
   * await tenancy.adopt.stamp(plan)
   * const { differences } = await tenancy.adopt.shadow('zakops')
   * if (differences.length === 0) await tenancy.adopt.enforce('zakops')
   */
  readonly adopt: Adoption
}

/** The steps, for whoever has the settings; `forget` is told of a tenant that came or went. */
export function createAdoption (config: TenancyConfig, forget: (id: TenantId) => void = () => {}): Adoption {
  const told = async (schema: string, step: () => Promise<AdoptionReport>): Promise<AdoptionReport> => {
    const found = (await adoptionStatus(config)).find((adoption) => adoption.schema === schema)
    return await step().finally(() => { if (found !== undefined) forget(parseTenantId(found.tenant)) })
  }
  return {
    plan: async (request) => await planAdoption(config, { target: config.isolation === 'database' ? 'schema+rls' : config.isolation, ...request }),
    check: async (plan) => await checkAdoption(config, plan),
    rehearse: async (plan, options) => await rehearseAdoption(config, plan, options),
    observe: async (plan, code) => await observeService(config, plan, code),
    stamp: async (plan, options) => await stampAdoption(config, plan, options),
    shadow: async (schema, options) => await shadowAdoption(config, schema, options),
    enforce: async (schema, options) => await told(schema, async () => await enforceAdoption(config, schema, options)),
    undo: async (schema, options) => await told(schema, async () => await undoWhole(config, schema, options)),
    finish: async (schema, options) => await told(schema, async () => await finishWhole(config, schema, options)),
    status: async () => await adoptionStatus(config)
  }
}

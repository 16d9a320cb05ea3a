import type { Isolation } from './workers/messages.ts'
import type { TenantCounts } from './database/seed.ts'
import { type AppRow, APP_TITLE, appRows } from './measuring/app-group.ts'
import { REGISTERED_TITLE, type Registered, registeredLabels } from './measuring/registered.ts'
import { SIGNED_TITLE } from './measuring/signed.ts'
import { VISITS_TITLE } from './measuring/visits.ts'
import type { BenchmarkOptions } from './options.ts'
import { type ClientGroup, type Sizes, clientGroups } from './rows.ts'

/** What of the whole benchmark is run. */
export interface Choice {
  readonly groups: readonly ClientGroup[]
  readonly apps: readonly AppRow[]
  readonly visits: readonly Visits[]
  /** Undefined if it was not asked for. */
  readonly registered: Registered | undefined
  /** Whether it is measured what a signed context costs. */
  readonly isSigned: boolean
}

/** After how many tenants it is looked what is held. */
export interface Visits {
  readonly isolation: Isolation
  readonly steps: readonly number[]
}

/** Returns the lines that were asked for. */
export function choose ({ only, sizes, visits }: BenchmarkOptions): Choice {
  const isWanted = (title: string, label: string): boolean => {
    const text = `${title}: ${label}`.toLowerCase()
    return only.length === 0 || only.some((part) => text.includes(part))
  }
  const registered = { active: sizes[1], registered: visits }
  const choice = {
    groups: clientGroups(sizes)
      .map((group) => ({ ...group, rows: group.rows.filter(({ label }) => isWanted(group.title, label)) }))
      .filter(({ rows }) => rows.length > 0),
    apps: appRows(sizes[2]).filter(({ label }) => isWanted(APP_TITLE, label)),
    visits: allVisits(sizes, visits).filter(({ isolation }) => isWanted(VISITS_TITLE, isolation)),
    registered: isWanted(REGISTERED_TITLE, registeredLabels(registered).own) ? registered : undefined,
    isSigned: isWanted(SIGNED_TITLE, 'signed')
  }
  if (choice.groups.length + choice.apps.length + choice.visits.length === 0 && choice.registered === undefined && !choice.isSigned) throw new Error('--only matches no line.')
  return choice
}

/** Under `rls` a tenant costs a row, so that there can be ten thousand of them; a schema each would take longer than the benchmark. */
function allVisits ([, , usual, many]: Sizes, visits: number): readonly Visits[] {
  return [
    { isolation: 'rls', steps: [...new Set([usual, many, visits].map((step) => Math.min(step, visits)))] },
    { isolation: 'schema+rls', steps: [...new Set([usual, many].map((step) => Math.min(step, visits)))] }
  ]
}

/** Returns how many tenants of each isolation strategy the lines need. */
export function tenantCounts ({ groups, apps, visits, registered, isSigned }: Choice): TenantCounts {
  const needs = [
    ...groups.flatMap(({ rows }) => rows.map(({ client }) => client)),
    ...apps,
    ...registered === undefined ? [] : [{ isolation: 'rls' as const, tenants: registered.registered }],
    ...isSigned ? [{ isolation: 'rls' as const, tenants: 1 }] : [],
    ...visits.map(({ isolation, steps }) => ({ isolation, tenants: Math.max(...steps) }))
  ]
  const most = (wanted: Isolation): number => Math.max(0, ...needs.filter(({ isolation }) => isolation === wanted).map(({ tenants }) => tenants))
  return { rls: most('rls'), schema: most('schema'), 'schema+rls': most('schema+rls') }
}

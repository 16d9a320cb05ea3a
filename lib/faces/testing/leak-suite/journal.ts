import type { Route } from './routes.ts'
import type { Leak, LeakSuiteOptions, RouteCall, RouteVerdict } from './types.ts'

/** Leaks of one detector that are told for one route; the others would say the same again. */
const MOST_OF_A_KIND = 3

const TENANTS = 2

interface Entry {
  readonly route: Route
  readonly leaks: Leak[]
  /** The tenants for whom it did what it is for. */
  readonly controls: Set<number>
  reason: string
}

/** What happened to each route so far. */
export class Journal {
  readonly #entries = new Map<string, Entry>()
  readonly service: Leak[] = []
  /** The route that is called now, for what is noticed behind it. */
  current: string | undefined
  /** Whether the call that goes on now has been answered. */
  isAnswered = false

  constructor (routes: readonly Route[]) {
    for (const route of routes) this.#entries.set(nameOf(route), { route, leaks: [], controls: new Set(), reason: '' })
  }

  enter (route: Route): void {
    this.current = nameOf(route)
    this.isAnswered = false
  }

  leave (): void {
    this.current = undefined
  }

  /** Notes a leak of a route, or of the service where no route is called. */
  leak (leak: Leak, route: string | undefined = this.current): void {
    const leaks = (route === undefined ? undefined : this.#entries.get(route)?.leaks) ?? this.service
    const alike = leaks.filter(({ detector }) => detector === leak.detector)
    if (alike.length < MOST_OF_A_KIND && !alike.some(({ evidence }) => evidence === leak.evidence)) leaks.push(leak)
  }

  /** Notes that a route did for a tenant what it is for. */
  control (route: Route, tenant: number): void {
    this.#entries.get(nameOf(route))?.controls.add(tenant)
  }

  hasLeaks (route: Route): boolean {
    return (this.#entries.get(nameOf(route))?.leaks.length ?? 0) > 0
  }

  /** Notes why a route was not exercised; the first reason is the one that is told. */
  missed (route: Route, reason: string): void {
    const entry = this.#entries.get(nameOf(route))
    if (entry !== undefined && entry.reason === '') entry.reason = reason
  }

  get verdicts (): readonly RouteVerdict[] {
    return [...this.#entries].map(([route, { leaks, controls, reason }]) => {
      if (leaks.length > 0) return { route, verdict: 'leaking', reason: '', leaks }
      if (controls.size === TENANTS) return { route, verdict: 'isolated', reason: '', leaks }
      return { route, verdict: 'not exercised', reason: reason === '' ? 'it was not called' : reason, leaks }
    })
  }
}

/** What a route is called: `GET /deals`, and what only its constraints tell from another, `GET /deals (accept-version: 2.0.0)`. */
export function nameOf ({ method, url, headers }: Route): string {
  return [`${method} ${url}`, ...Object.entries(headers).map(([name, value]) => `(${name}: ${value})`)].join(' ')
}

/** What the options say of a route, by its name, or by that of all routes with this path. */
export function ownCallOf (route: Route, { routes = {} }: LeakSuiteOptions): RouteCall {
  return routes[nameOf(route)] ?? routes[`${route.method} ${route.url}`] ?? {}
}

/** Returns the verdicts of several runs as one: the worst of each route. */
export function worstOf (runs: readonly (readonly RouteVerdict[])[]): readonly RouteVerdict[] {
  const [first = []] = runs
  return first.map(({ route }) => {
    const all = runs.flatMap((verdicts) => verdicts.filter((verdict) => verdict.route === route))
    const leaks = all.flatMap((verdict) => verdict.leaks).filter((leak, at, list) => list.findIndex(({ detector, evidence }) => detector === leak.detector && evidence === leak.evidence) === at)
    const worst = all.find(({ verdict }) => verdict === 'leaking') ?? all.find(({ verdict }) => verdict === 'not exercised') ?? all[0]
    return { route, verdict: worst?.verdict ?? 'not exercised', reason: worst?.reason ?? '', leaks }
  })
}

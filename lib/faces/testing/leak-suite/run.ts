import type { AddressInfo } from 'node:net'
import type { Sql } from 'postgres'
import { LeakSuiteUnusableError } from '../../../words/errors/index.ts'
import type { IsolationStrategyName } from '../../../words/types.ts'
import { withServer } from '../administrator.ts'
import type { TenantDatabase } from '../tenant-database.ts'
import { type Alarm, hearAlarms } from './alarms.ts'
import { exerciseBursts, exerciseHangUps } from './bursts.ts'
import { type DefinerView, mentions, readDefinerViews, readViews } from './definers.ts'
import { HttpClient } from './http.ts'
import { exerciseInfluence } from './influence.ts'
import { Journal, ownCallOf } from './journal.ts'
import { tryDatabaseLayers, tryServiceLayers } from './layers.ts'
import { exerciseReads } from './reads.ts'
import { routesOf, tenancyOf } from './routes.ts'
import type { Scene } from './scene.ts'
import type { Stage } from './stage.ts'
import type { AppUnderTest, LayerVerdict, Leak, LeakSuiteOptions, RouteVerdict } from './types.ts'
import { tapWire } from './wiretap.ts'
import { exerciseWrites } from './writes.ts'

/** How one run differs from another. */
export interface RunRequest {
  readonly scene: Scene
  readonly database: TenantDatabase
  readonly options: LeakSuiteOptions
  /** Returns the service, which is closed at the end; one of the user's own is left open. */
  readonly open: () => Promise<{ readonly app: AppUnderTest, readonly isOurs: boolean }>
  /** Who calls first. */
  readonly first: 0 | 1
}

/** What one run found. */
export interface RunResult {
  readonly routes: readonly RouteVerdict[]
  readonly layers: readonly LayerVerdict[]
  readonly service: readonly Leak[]
  readonly firstAnswers: ReadonlyMap<string, string>
}

const SETTLE_MS = 250
const SOCKETS = 4

/** Builds the service, calls every route in every way, and closes it. */
export async function run (request: RunRequest): Promise<RunResult> {
  return await withServer(request.database.adminUrl, async (admin) => {
    const watch = new Watch(await namesOf(admin, request.scene), await readDefinerViews(admin, isolationOf(request.database)))
    const stopTap = tapWire(Number(new URL(request.database.adminUrl).port || 5432), (sql, isOwn) => watch.statement(sql, isOwn))
    const stopAlarms = hearAlarms((alarm) => watch.alarm(alarm))
    try {
      const { app, isOurs } = await request.open()
      try {
        return await perform(request, app, admin, watch)
      } finally {
        if (isOurs) await app.close()
      }
    } finally {
      stopTap()
      stopAlarms()
    }
  })
}

async function perform ({ scene, database, options, first }: RunRequest, app: AppUnderTest, admin: Sql, watch: Watch): Promise<RunResult> {
  await app.ready()
  const tenancy = tenancyOf(app)
  if (tenancy === undefined) throw new LeakSuiteUnusableError('- the app has no zakops-tenancy: register it, and load "zakops-tenancy/testing" before the app is made')
  const routes = routesOf(app, options.openapi)
  if (routes.length === 0) throw new LeakSuiteUnusableError('- no route is known: load "zakops-tenancy/testing" before the app is made, or give options.openapi')
  const callable = routes.filter((route) => !route.isWebSocket && ownCallOf(route, options).skip === undefined)
  const journal = new Journal(routes)
  for (const route of routes) if (!callable.includes(route)) journal.missed(route, ownCallOf(route, options).skip ?? 'it is a web socket')
  const [a, b] = scene.copyOfParties()
  let salt = 10
  const http = new HttpClient(await portOf(app), SOCKETS)
  const stage: Stage = {
    app, tenancy, http, admin, journal, options, tables: scene.tables, parties: first === 0 ? [a, b] : [b, a], routes: callable, settleMs: options.settle ?? SETTLE_MS, databaseUrl: database.options.database, recipes: new Map(), late: new Set(), memory: { rows: undefined }, firstAnswers: new Map(), nextSalt: () => ++salt
  }
  watch.journal = journal
  try {
    await exerciseReads(stage)
    await exerciseBursts(stage)
    await exerciseHangUps(stage)
    await exerciseInfluence(stage)
    const inDatabase = await tryDatabaseLayers(stage, { isolation: isolationOf(database), ownerUrl: database.options.ownerDatabase })
    await exerciseWrites(stage)
    const layers = [...inDatabase, ...await tryServiceLayers(stage)]
    watch.tellUnseenViews()
    return { routes: journal.verdicts, layers, service: journal.service, firstAnswers: stage.firstAnswers }
  } finally {
    watch.journal = undefined
    http.close()
  }
}

export function isolationOf ({ options: { isolation = 'schema+rls' } }: TenantDatabase): IsolationStrategyName {
  return isolation
}

async function portOf (app: AppUnderTest): Promise<number> {
  if (app.server.address() === null) await app.listen({ port: 0, host: '127.0.0.1' })
  const address: AddressInfo | string | null = app.server.address()
  if (address === null || typeof address === 'string') throw new LeakSuiteUnusableError('- the app does not listen on a port')
  return address.port
}

/** The names of what holds or shows rows of tenants. */
async function namesOf (admin: Sql, scene: Scene): Promise<readonly string[]> {
  const views = await readViews(admin, scene.copyOfParties().map(({ schema }) => schema))
  return [...scene.tables.map(({ name }) => name), ...views]
}

/** What is noticed beside the answers, and noted for the route that is called. */
class Watch {
  journal: Journal | undefined
  readonly #names: readonly string[]
  readonly #views: readonly DefinerView[]
  readonly #seenViews = new Set<string>()

  constructor (names: readonly string[], views: readonly DefinerView[]) {
    this.#names = names
    this.#views = views
  }

  statement (sql: string, isOwn: boolean): void {
    const { journal } = this
    if (journal === undefined) return
    const view = mentions(sql, this.#views.map(({ name }) => name))
    if (view !== undefined && journal.current !== undefined) {
      this.#seenViews.add(view)
      journal.leak(viewLeak(view, sql))
    }
    if (isOwn || mentions(sql, [...this.#names, ...this.#views.map(({ name }) => name)]) === undefined) return
    journal.leak({
      detector: 'connection',
      request: journal.current ?? 'outside of every route',
      evidence: `a statement about tenants' tables went to the database past the plugin: ${sql.replaceAll(/\s+/g, ' ').slice(0, 120)}`,
      advice: 'Use app.sql; for work across tenants, tenancy.runWithoutTenant with its reason.'
    })
  }

  alarm ({ kind, message }: Alarm): void {
    const { journal } = this
    // What the route itself answers for is in its answer.
    if (journal === undefined || (kind === 'no context' && journal.current !== undefined && !journal.isAnswered)) return
    if (kind === 'unhandled' && !message.startsWith('FST_TENANCY_CONTEXT')) return
    journal.leak({
      detector: 'context',
      request: journal.current ?? 'outside of every route',
      evidence: kind === 'another tenant' ? 'a statement that one tenant wrote was awaited by another, and refused' : `a statement ran behind the answer without a tenant, and was refused: ${message}`,
      advice: 'Give each job its tenant: runWithTenant(id, fn), with the id noted when the job is made. Keep loaders and promises per request.'
    })
  }

  /** Views that no route was seen to use: they are there, and the next route may. */
  tellUnseenViews (): void {
    for (const { name } of this.#views) if (!this.#seenViews.has(name)) this.journal?.leak(viewLeak(name, ''), '')
  }
}

function viewLeak (view: string, sql: string): Leak {
  return {
    detector: 'view',
    request: sql === '' ? 'no route was seen to use it' : sql.replaceAll(/\s+/g, ' ').slice(0, 120),
    evidence: `the view ${view} reads tenants' tables with the rights of its owner, so their policies hold it only as long as they hold the owner`,
    advice: `alter view ${view} set (security_invoker = true)`
  }
}

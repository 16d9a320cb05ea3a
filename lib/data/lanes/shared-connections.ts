import type { Connection } from './connection.ts'
import type { Cycle } from './cycle.ts'
import { Homes } from './homes.ts'
import type { Share } from './tally.ts'

/**
 * How many cycles a connection has before another one is tried, and how many at the most. With 12 at every home about one in
 * twenty fast statements had a slow one of 200 in front of it: the 95th percentile was theirs in one run and not in the next. With
 * 10 a thousand schemas were planned on so many connections that they had some three quarters of the throughput.
 */
const FEW = 8
const MANY = 16
/**
 * How many of the connections are homes of schemas: few, so that their queues are full, and more where many schemas are, since what is
 * too much for a home has to be planned elsewhere. A hundred schemas on three of ten had a seventh more throughput than on six, and
 * a thousand, beside slow statements, a quarter less.
 */
const HOMES = { least: 0.3, most: 0.6 } as const
const SCHEMAS_PER_HOME = 100
/** A cycle that takes longer than this is slow: nothing more is queued behind it while there is another way. */
const SLOW_MS = 3
/**
 * The same at a schema's home. Anywhere else its statements are planned anew, five times each, which makes cycles there slow
 * too, and so on. Not much longer, because fast statements wait behind slow ones meanwhile: with 8 their p95 was bare postgres.js's.
 */
const SLOW_AT_HOME_MS = 6
/**
 * No more is queued on a connection than what it does in that time, as fast as it was of late: where statements take two
 * milliseconds each, eight of them behind each other leave half of the connections without work.
 */
const LONG_MS = 8
/** A backend keeps memory for every schema that it has seen, so none lives for ever. */
const MAX_LIFETIME_MS = 30 * 60_000

/** Tells whether a connection has served long enough, or is about to be cancelled: nothing is added to it. */
export function isOld (connection: Connection, now = performance.now()): boolean {
  return connection.isSealed || connection.isWorn || now - connection.openedAt > MAX_LIFETIME_MS
}

/** The connections that lanes share, and those of them that run empty because a lane wants one alone. */
export class SharedConnections {
  #shared: Connection[] = []
  readonly #draining = new Set<Connection>()
  readonly #homes = new Homes()
  readonly #options: { readonly max: number, readonly perTenant: number }

  constructor (options: { readonly max: number, readonly perTenant: number }) {
    this.#options = options
  }

  /** How many lanes may add to. */
  get size (): number {
    return this.#shared.length
  }

  get draining (): number {
    return this.#draining.size
  }

  all (): readonly Connection[] {
    return [...this.#shared, ...this.#draining]
  }

  add (connection: Connection): void {
    this.#shared.push(connection)
  }

  /** Takes out a connection: for somebody alone, or because it is gone. */
  remove (connection: Connection): void {
    this.#shared = this.#shared.filter((other) => other !== connection)
    this.#draining.delete(connection)
    if (!connection.isUsable) this.#homes.leave(connection)
  }

  /**
   * The first connection that has little to do and is not stuck: few connections with full queues cost fewer writes than
   * many with one cycle each. A schema of one tenant has a home. What is too much for it goes to the next one, always the
   * same, if that one has seen the schema before; if not, more is queued at the home, because its statements would have to be
   * planned anew: what is known to be quick, since a burst of others would be served one after the other there. Some of the connections are homes, so that their queues are fuller, and the others take what is too much.
   */
  pick (cycle: Cycle): Connection | undefined {
    const { shape = '', tenantId = '' } = cycle.frame ?? {}
    const now = performance.now()
    const bound = this.#boundOf(cycle.share)
    const at = this.#homeOf(shape, tenantId)
    const home = this.#shared[at]
    const mayStay = home !== undefined && isWithin(bound, home)
    if (mayStay && this.#isFree(home, now, FEW, SLOW_AT_HOME_MS)) return home
    const other = this.#free(at + 1, now, bound)
    return mayStay && isQuick(cycle) && other?.hasSeen(shape) !== true && this.#isFree(home, now, MANY, SLOW_AT_HOME_MS) ? home : other
  }

  /** The first one from `start` on that has little to do. */
  #free (start: number, now: number, bound: Share | undefined): Connection | undefined {
    for (let i = 0; i < this.#shared.length; i++) {
      const candidate = this.#shared[(start + i) % this.#shared.length]
      if (candidate !== undefined && this.#isFree(candidate, now, FEW, SLOW_MS) && isWithin(bound, candidate)) return candidate
    }
    return undefined
  }

  /** Where the home of a shape is among the shared ones; -1 if it has none there. */
  #homeOf (shape: string, tenantId: string): number {
    const home = this.#homes.of(shape, tenantId) ?? this.#settle(shape, tenantId)
    return home === undefined || home === 'everywhere' ? -1 : this.#shared.indexOf(home)
  }

  /** Not before there are enough connections to choose from: what settled on the first one would stay there. */
  #settle (shape: string, tenantId: string): Connection | undefined {
    const { max } = this.#options
    const wanted = Math.max(max * HOMES.least, Math.min(max * HOMES.most, this.#homes.schemas / SCHEMAS_PER_HOME))
    if (this.#shared.length < max * HOMES.least) return undefined
    const mayBeNew = this.#homes.size < wanted
    const home = this.#homes.quietest(this.#shared.filter((candidate) => !isOld(candidate) && (mayBeNew || this.#homes.isHome(candidate))))
    if (home !== undefined) this.#homes.settle(shape, tenantId, home)
    return home
  }

  /** The one with the least to do, when none has little. */
  pickAnyhow ({ share }: Cycle): Connection | undefined {
    const bound = this.#boundOf(share)
    return leastDeep(this.#shared.filter((candidate) => candidate.depth < MANY && !isOld(candidate) && isWithin(bound, candidate)))
  }

  /**
   * One tenant is not on every connection, so that its slow statements leave something for the others. Returns its share if
   * it is on as many as it may be, and so is bound to those.
   */
  #boundOf (share: Share | undefined): Share | undefined {
    const { max, perTenant } = this.#options
    if (perTenant >= max || share === undefined) return undefined
    const most = Math.max(1, Math.min(perTenant, this.#shared.length - 1))
    if (share.placed < most) return undefined
    let taken = 0
    for (const connection of this.#shared) if (connection.serves(share)) taken++
    return taken < most ? undefined : share
  }

  /** A connection with nothing to do; those that were to run empty first. */
  idle (): Connection | undefined {
    for (const connection of this.#draining) if (connection.depth === 0) return connection
    return this.#shared.findLast((connection) => connection.depth === 0 && !isOld(connection))
  }

  /** Lets one more connection run empty. */
  drain (): void {
    const connection = leastDeep(this.#shared)
    if (connection === undefined) return
    this.#shared = this.#shared.filter((other) => other !== connection)
    this.#draining.add(connection)
  }

  /** Shares those again that were to run empty. */
  stopDraining (): void {
    this.#shared.push(...this.#draining)
    this.#draining.clear()
  }

  #isFree (connection: Connection, now: number, room: number, slow: number): boolean {
    const { depth, pace, headSince } = connection
    const hasRoom = depth === 0 || (depth < room && depth * pace < LONG_MS && now - headSince < slow)
    return hasRoom && connection.isUsable && !isOld(connection, now)
  }
}

/** Tells whether it is known that a statement does not take long. */
function isQuick ({ request }: Cycle): boolean {
  return request.kind === 'run' && request.statement.text.pace !== undefined && request.statement.text.pace < SLOW_MS
}

function isWithin (bound: Share | undefined, connection: Connection): boolean {
  return bound === undefined || connection.serves(bound)
}

function leastDeep (connections: readonly Connection[]): Connection | undefined {
  return connections.reduce<Connection | undefined>((best, connection) => best === undefined || connection.depth < best.depth ? connection : best, undefined)
}

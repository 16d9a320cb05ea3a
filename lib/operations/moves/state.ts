import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Sql, TransactionSql } from 'postgres'
import { MoveRefusedError, TenantUnknownError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { ISOLATION_STRATEGIES, type Tenant, type TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { untilHeard } from '../migrations/index.ts'
import { TENANTS_TABLE, TENANT_COLUMNS, parseTenant } from '../../data/registry/index.ts'

const MOVES = `${quoteIdentifier(CONTROL_SCHEMA)}.moves`

/**
 * How far a move is. Until `switched` the tenant is served where it was; `switching` means that its writes may be fenced
 * off there. `removing` means that what it left is being removed.
 */
export const MOVE_STEPS = ['copying', 'catching-up', 'switching', 'switched', 'removing'] as const

export type MoveStep = typeof MOVE_STEPS[number]

const siteSchema = Type.Object({
  isolation: Type.Union(ISOLATION_STRATEGIES.map((name) => Type.Literal(name))),
  schema: Type.String(),
  server: Type.String(),
  database: Type.Union([Type.String(), Type.Null()])
})

/** Where a tenant's rows are, and how they are kept apart. */
export type Site = Static<typeof siteSchema>

const moveSchema = Type.Object({
  /** The number that names what the move has in the database: digits alone. */
  number: Type.String({ pattern: '^[0-9]+$' }),
  source: siteSchema,
  target: siteSchema,
  step: Type.Union(MOVE_STEPS.map((step) => Type.Literal(step))),
  /** How long ago the registry was switched, in milliseconds. */
  since: Type.Union([Type.Number(), Type.Null()])
})

/** A move, as the registry's database tells of it. */
export type Move = Static<typeof moveSchema>

const COLUMNS = 'id::text as number, source, target, step, (extract(epoch from pg_catalog.clock_timestamp() - switched_at) * 1000)::float8 as since'

const FIND = `select ${COLUMNS} from ${MOVES} where tenant = $1`

/** Returns where a tenant is. */
export function siteOf ({ isolation, schema, server, database }: Tenant): Site {
  return { isolation, schema, server, database }
}

/** The registry's side of the move of one tenant, which one process at a time has. */
export class MoveHome {
  readonly id: TenantId
  readonly #config: TenancyConfig
  readonly #sql: Sql
  readonly #backend: unknown

  constructor (config: TenancyConfig, id: TenantId, sql: Sql, backend: unknown) {
    this.#config = config
    this.id = id
    this.#sql = sql
    this.#backend = backend
  }

  /**
   * Runs `fn` as one transaction where the registry is, on the connection that holds the lock of the move: a driver that
   * has connected anew does not hold it any more.
   */
  async transact<T> (fn: (tx: TransactionSql) => Promise<T>, lock = this.#config.timeouts.acquire): Promise<T> {
    return await inTransaction(this.#sql, { lock }, async (tx) => {
      const [row] = await tx`select pg_catalog.pg_backend_pid() as pid`
      if (row?.['pid'] !== this.#backend) throw new Error('the connection that held the lock of the move was lost')
      return await fn(tx)
    })
  }

  async tenant (): Promise<Tenant> {
    const [row] = await this.transact((tx) => tx.unsafe(`select ${TENANT_COLUMNS} from ${TENANTS_TABLE} where id = $1`, [this.id]))
    if (row === undefined) throw new TenantUnknownError()
    return parseTenant(row, this.#config)
  }

  async find (): Promise<Move | undefined> {
    const [row] = await this.transact((tx) => tx.unsafe(FIND, [this.id]))
    return row === undefined ? undefined : parseMove(row)
  }

  async begin (source: Site, target: Site): Promise<Move> {
    const [row] = await this.transact((tx) => tx.unsafe(`insert into ${MOVES} (tenant, source, target, step) values ($1, $2::text::jsonb, $3::text::jsonb, 'copying') returning ${COLUMNS}`,
      [this.id, JSON.stringify(source), JSON.stringify(target)]))
    return parseMove(row)
  }

  async note (step: MoveStep): Promise<void> {
    await this.transact((tx) => tx.unsafe(`update ${MOVES} set step = $2 where tenant = $1`, [this.id, step]))
  }

  /**
   * Has every process give the tenant's statements connections of their own, and returns when all know of it: its writes will
   * wait for the switch, and nobody else's are to stand behind them. Until the switch, or until the move is forgotten.
   */
  async announce (): Promise<void> {
    await this.transact((tx) => tx.unsafe(`update ${TENANTS_TABLE} set moving = true where id = $1 and not moving`, [this.id]))
    await untilHeard(this.#config)
  }

  /** Switches the registry and the move in one transaction: one cannot be without the other. */
  async switch (tx: TransactionSql, { source, target }: Move): Promise<void> {
    const { count } = await tx.unsafe(`
      update ${TENANTS_TABLE} set strategy = $2, schema = $3, server = $4, database = $5, moving = false
      where id = $1 and strategy = $6 and schema = $7 and server = $8 and database is not distinct from $9`,
    [this.id, target.isolation, target.schema, target.server, target.database, source.isolation, source.schema, source.server, source.database])
    if (count !== 1) throw new MoveRefusedError('the registry has another place for it than when the move began.')
    await tx.unsafe(`update ${MOVES} set step = 'switched', switched_at = pg_catalog.clock_timestamp() where tenant = $1`, [this.id])
  }

  async forget (): Promise<void> {
    await this.transact(async (tx) => {
      await tx.unsafe(`update ${TENANTS_TABLE} set moving = false where id = $1 and moving`, [this.id])
      await tx.unsafe(`delete from ${MOVES} where tenant = $1`, [this.id])
    })
  }
}

/**
 * Runs `fn` with the registry's side of this tenant's move. Nobody else moves the tenant meanwhile.
 *
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — another process does.
 */
export async function withMoveHome<T> (config: TenancyConfig, id: TenantId, fn: (home: MoveHome) => Promise<T>): Promise<T> {
  return await withOwner(config, async (sql) => {
    const [row] = await sql`
      select pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(${'zakops_tenancy.moving.' + id}, 0)) as held, pg_catalog.pg_backend_pid() as pid`
    if (row?.['held'] !== true) throw new MoveRefusedError('another process is moving it at this moment.')
    return await fn(new MoveHome(config, id, sql, row['pid']))
  })
}

/** Returns the move of a tenant as every connection sees it: for when the one that has the lock was lost. */
export async function lookUpMove (config: TenancyConfig, id: TenantId): Promise<Move | undefined> {
  return await withOwner(config, async (sql) => {
    const [row] = await sql.unsafe(FIND, [id])
    return row === undefined ? undefined : parseMove(row)
  })
}

function parseMove (row: unknown): Move {
  const move: unknown = { ...Object(row) }
  if (!Value.Check(moveSchema, move)) throw new Error('the table of moves holds a row that is not known')
  return move
}

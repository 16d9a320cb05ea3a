import type { Sql } from 'postgres'
import { MoveRefusedError, OptionsInvalidError } from '../../words/errors/index.ts'
import { quoteIdentifier } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { hasCitus, inTransaction, sendAll, withOwner } from '../../data/owner/index.ts'
import { lockFor } from '../migrations/index.ts'
import type { MoveReport, MoveTarget } from './job.ts'
import { type MoveHome, siteOf } from './state.ts'

/** A node of Citus, as its coordinator knows it. */
interface Node {
  readonly host: string
  readonly port: number
}

/**
 * Moves a tenant's schema to another node of the Citus that it is on. Citus copies it while it is served, and its
 * coordinator sends statements to the new node from then on; the registry knows nothing of nodes. Its tables need primary keys.
 *
 * Meanwhile policies do not hold the owner of the tables, as which Citus copies them, and the application's role as ever. A
 * move that was killed leaves that behind, and is called again: it ends it, also where the schema has arrived.
 *
 * The SQL sent: alter table … no force row level security; select citus_schema_move('"tenant_acme"'::regnamespace, 'host', port); alter table … force row level security
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the node is not written as `host:port`.
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — it is no schema of its own on Citus, it is on that node already, it is being moved otherwise,
 * or a node has `synchronous_commit = off`.
 */
export async function moveToNode (config: TenancyConfig, home: MoveHome, to: MoveTarget): Promise<MoveReport> {
  const node = parseNode(to)
  const tenant = await home.tenant()
  if (await home.find() !== undefined) throw new MoveRefusedError('another move of it has not ended: go on with it, confirm it or undo it.')
  const { hasOwnSchema } = strategyOf(tenant.isolation)
  if (!hasOwnSchema || tenant.database !== null || tenant.status === 'provisioning' || tenant.status === 'deleted') throw new MoveRefusedError('it has no schema of its own that Citus could move.')
  // A migration would make tables on the node that it is about to leave. The lock is of another connection, because Citus moves in a transaction of its own.
  await withOwner(config, (lock) => inTransaction(lock, { lock: config.timeouts.acquire }, async (tx) => {
    await lockFor(tx, 'schema', tenant.schema)
    await withOwner(config, async (sql) => {
      if (!await hasCitus(sql)) throw new MoveRefusedError('its server has no nodes: Citus is not installed there.')
      await withoutForce(config, sql, tenant, () => move(sql, tenant, node))
    }, tenant)
  }), tenant)
  return { tenantId: home.id, from: siteOf(tenant), to: siteOf(tenant), outcome: 'confirmed', pauseMs: 0, tables: [] }
}

function parseNode ({ node = '', isolation, server }: MoveTarget): Node {
  if (isolation !== undefined || server !== undefined) throw new OptionsInvalidError('- to.node cannot be combined with isolation or server: first one move, then the other.')
  const [, host, port] = typeof node === 'string' ? /^(.+):([0-9]{1,5})$/.exec(node) ?? [] : []
  if (host === undefined || port === undefined) throw new OptionsInvalidError('- to.node must be a node of Citus as host:port, as pg_dist_node has it.')
  return { host, port: Number(port) }
}

/** What Citus copies with is held by policies where they hold the owner, and its move would never end. */
async function withoutForce (config: TenancyConfig, sql: Sql, { schema }: Tenant, fn: () => Promise<void>): Promise<void> {
  const rows = await sql`
    select c.relname as name from pg_catalog.pg_class c
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and c.relkind in ('r', 'p') and c.relrowsecurity`
  const force = async (words: string): Promise<void> => await inTransaction(sql, { lock: config.timeouts.acquire },
    (tx) => sendAll(tx, rows.map(({ name }) => `alter table ${quoteIdentifier(schema)}.${quoteIdentifier(String(name))} ${words} row level security`)))
  await force('no force')
  try {
    await fn()
  } finally {
    await force('force')
  }
}

async function move (sql: Sql, { schema }: Tenant, { host, port }: Node): Promise<void> {
  const there = await nodeOf(sql, schema)
  if (there === undefined) throw new MoveRefusedError('its schema is not a distributed one, or it has no tables yet.')
  if (there.host === host && there.port === port) throw new MoveRefusedError('it is there already.')
  await assertDurable(sql)
  await sql`select pg_catalog.citus_schema_move(${quoteIdentifier(schema)}::regnamespace, ${host}, ${port}::int)`
  const now = await nodeOf(sql, schema)
  if (now?.host !== host || now.port !== port) throw new Error('Citus did not move the schema')
}

// A role's own setting counts too. What a session sets for itself nobody else sees.
const IS_LATE = 'select current_setting(\'synchronous_commit\') = \'off\' or exists (select from pg_catalog.pg_db_role_setting where \'synchronous_commit=off\' = any (setconfig))'

/**
 * Throws if a node confirms writes before they are in its log. Citus waits with writes blocked until the other node has what
 * is in the log, and would leave those behind that were confirmed in the last moments: lost, though everybody was told of them.
 *
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED
 */
async function assertDurable (sql: Sql): Promise<void> {
  const nodes = await sql`select success, result from pg_catalog.run_command_on_all_nodes(${IS_LATE})`
  if (nodes.length > 0 && nodes.every((node) => node['success'] === true && node['result'] === 'f')) return
  throw new MoveRefusedError('a node has synchronous_commit = off, for itself or for a role, or could not be asked: Citus would lose the last writes. Set it to on for every node and role first.')
}

/** Returns the node that a distributed schema is on. */
async function nodeOf (sql: Sql, schema: string): Promise<Node | undefined> {
  const [row] = await sql`
    select d.nodename as host, d.nodeport as port from pg_catalog.pg_class c
    join pg_catalog.pg_dist_schema h on h.schemaid = c.relnamespace
    join pg_catalog.pg_dist_shard s on s.logicalrelid = c.oid
    join pg_catalog.pg_dist_placement l on l.shardid = s.shardid
    join pg_catalog.pg_dist_node d on d.groupid = l.groupid and d.noderole = 'primary'
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) limit 1`
  return row === undefined ? undefined : { host: String(row['host']), port: Number(row['port']) }
}

/**
 * Throws if a tenant would be copied to or from Citus: there the triggers that note its writes cannot be made.
 *
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED
 */
export async function assertCopies (config: TenancyConfig, places: readonly Tenant[]): Promise<void> {
  for (const place of places) {
    // A database of its own, which may not be there yet, is one without Citus.
    if (place.database !== null || !await withOwner(config, hasCitus, place)) continue
    throw new MoveRefusedError('tables on Citus take no triggers, so its writes cannot be followed: use "node" to move it inside of Citus, or export it, import it under another id, and delete it.')
  }
}

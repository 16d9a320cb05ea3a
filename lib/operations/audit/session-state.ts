import { randomBytes } from 'node:crypto'
import type { Sql } from 'postgres'
import { TENANT_SETTING, quoteLiteral } from '../../words/names.ts'
import type { Finding } from '../../words/types.ts'

/** A setting of nobody's, to see whether it comes out on another connection. */
const PROBE = 'zakops_audit.probe'

/** So many connections are asked, because a pooler hands out its servers in turn. */
const ASKED = 4

/** Tells whether a connection begins with a tenant: set for everybody, in the URL, or left behind by somebody before. */
export async function presetFindings (sql: Sql): Promise<readonly Finding[]> {
  const [row] = await sql.unsafe(`select current_setting(${quoteLiteral(TENANT_SETTING)}, true) as value`)
  const value: unknown = row?.['value']
  if (typeof value !== 'string' || value === '') return []
  return [{
    check: 'session-tenant-preset',
    severity: 'fatal',
    object: 'new connection',
    message: 'A new connection begins with a tenant: code without one works as that one instead of as nobody (R-14).',
    repair: '-- take app.tenant_id out of the options of the URL, of postgresql.conf, and of roles and databases'
  }]
}

/**
 * Looks what stands between: whether transactions work at all, and whether what one connection leaves behind comes out on
 * another. `open` calls a function with a connection of its own.
 */
export async function poolerFindings (open: <T>(fn: (sql: Sql) => Promise<T>) => Promise<T>): Promise<readonly Finding[]> {
  if (!await hasTransactions(open)) return [statementMode]
  return await leaks(open) ? [leakingState] : []
}

const statementMode: Finding = {
  check: 'pooler-statement-mode',
  severity: 'fatal',
  object: 'pooler',
  message: 'A pooler in statement mode answers: the next statement of a transaction may reach another connection, without its tenant (P-05).',
  repair: '-- set pool_mode = transaction in the pooler'
}

const leakingState: Finding = {
  check: 'pooler-session-state',
  severity: 'warning',
  object: 'pooler',
  message: 'A pooler hands the settings of one session to the next: whatever is set outside of a transaction is another tenant\'s a moment later (P-01).',
  repair: '-- set pool_mode = session with server_reset_query = DISCARD ALL, or set server_reset_query_always = 1'
}

/**
 * A pooler in statement mode refuses BEGIN and closes the connection, in this or the other order, and serves the next one. A
 * connection that was lost by itself is not lost again at the same moment.
 */
async function hasTransactions (open: <T>(fn: (sql: Sql) => Promise<T>) => Promise<T>): Promise<boolean> {
  for (let tries = 0; tries < 2; tries++) {
    if (await open(async (sql) => await hasBegun(sql))) return true
    await open(async (sql) => await sql.unsafe('select 1'))
  }
  return false
}

async function hasBegun (sql: Sql): Promise<boolean> {
  return await sql.begin('read only', async (tx) => {
    await tx.unsafe('select 1')
    return true
  }).catch((error: unknown) => {
    if (error instanceof Error && (/statement pooling/i.test(error.message) || ('code' in error && error.code === 'CONNECTION_CLOSED'))) return false
    throw error
  })
}

/** The connection that sets it is closed first: a pooler in session mode cleans up when a client goes, or never. */
async function leaks (open: <T>(fn: (sql: Sql) => Promise<T>) => Promise<T>): Promise<boolean> {
  const mark = randomBytes(8).toString('hex')
  await open(async (sql) => await sql.unsafe(`set ${PROBE} to '${mark}'`))
  for (let asked = 0; asked < ASKED; asked++) {
    if (await open(async (sql) => await takeProbe(sql)) === mark) return true
  }
  return false
}

async function takeProbe (sql: Sql): Promise<unknown> {
  const [row] = await sql.unsafe(`select current_setting('${PROBE}', true) as value; set ${PROBE} to ''`)
  return row?.['value']
}

import { TENANT_SETTING, quoteLiteral } from '../../../words/names.ts'
import type { TenantSql } from '../../../data/client/index.ts'
import type { Finding } from '../../../words/types.ts'
import { type Verdict, finding } from '../proof.ts'
import { SETTINGS_SQL, wrongSetting } from './settings.ts'
import type { Subject } from './subject.ts'

const TURNS = 12
const LEFT_SQL = `select (select count(*)::int from pg_catalog.pg_cursors where name <> '') + (select count(*)::int from pg_catalog.pg_listening_channels())
  + (select count(*)::int from pg_catalog.pg_locks where locktype = 'advisory' and pid = pg_catalog.pg_backend_pid())
  + (pg_catalog.pg_my_temp_schema() <> 0)::int as left`
const REPAIR = '-- look for SET and set_config outside of the tenant client: "zakops-tenancy verify" names the lines'

/** Looks whether one use of a connection finds anything of the one before, which was another tenant's, or failed. */
export async function checkReuse (subjects: readonly Subject[]): Promise<Verdict> {
  const findings: Finding[] = []
  const users = new Map<string, Set<string>>()
  const use = async (subject: Subject, ask: (sql: TenantSql) => Promise<readonly Row[]>): Promise<void> => {
    const [row] = await subject.run(ask)
    const wrong = wrongSetting(row, subject)
    if (wrong !== undefined) findings.push(finding('reuse', subject.tenant.id, `A connection brought another ${wrong} from the use before.`, REPAIR))
    const pid = String(row?.['pid'])
    users.set(pid, (users.get(pid) ?? new Set()).add(subject.tenant.id))
  }
  for (let turn = 0; turn < TURNS; turn++) {
    for (const subject of subjects) {
      await use(subject, alone)
      // A schema's single statements stay on one connection as long as they can, transactions do not.
      await use(subject, inTransaction)
    }
    await fail(subjects[turn % subjects.length])
  }
  await Promise.all(Array.from({ length: TURNS }, async () => await Promise.all(subjects.map(async (subject) => await use(subject, alone)))))
  const [row] = await subjects[0]?.run(async (sql) => await sql.begin(async (tx) => await tx.unsafe(LEFT_SQL))) ?? []
  if (row?.['left'] !== 0) findings.push(finding('reuse', 'session', 'A connection has a cursor, a channel, an advisory lock or a temporary table from the use before.', REPAIR))
  if (findings.length > 0) return { findings }
  const shared = [...users.values()].filter((ids) => ids.size > 1).length
  return shared === 0 ? { skipped: 'no connection was used by two tenants' } : { ok: `${shared} connections were used by ${subjects.length} tenants in turn, and brought nothing along` }
}

type Row = Readonly<Record<string, unknown>>

async function alone (sql: TenantSql): Promise<readonly Row[]> {
  return await sql.unsafe(SETTINGS_SQL)
}

async function inTransaction (sql: TenantSql): Promise<readonly Row[]> {
  return await sql.begin(async (tx) => await tx.unsafe(SETTINGS_SQL))
}

/** A transaction that fails must leave as little as one that does not. */
async function fail (subject: Subject | undefined): Promise<void> {
  await subject?.run(async (sql) => await sql.begin(async (tx) => await tx.unsafe('select 1 / 0'))).catch(() => {})
}

const BEGINNING_SQL = `select coalesce(pg_catalog.current_setting(${quoteLiteral(TENANT_SETTING)}, true), '') as tenant, pg_catalog.current_setting('search_path') as path,
  pg_catalog.format('alter role %I in database %I set search_path = %L', session_user, pg_catalog.current_database(), '') as repair, exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (pg_catalog.current_schemas(false)) and c.relkind in ('r', 'p', 'v', 'm', 'f') and pg_catalog.has_any_column_privilege(c.oid, 'select')) as finds`

/** What the role's sessions begin with, asked of a connection beside the plugin: what code that goes around the tenant client gets. */
export async function checkFirstUse (ask: (text: string) => Promise<readonly Record<string, unknown>[]>): Promise<Verdict> {
  const [row] = await ask(BEGINNING_SQL)
  const findings: Finding[] = []
  if (row?.['tenant'] !== '') findings.push(finding('first-use', TENANT_SETTING, 'Connections begin as a tenant, before anybody said which.', `alter role current_user reset ${TENANT_SETTING}`))
  if (!['""', ''].includes(String(row?.['path']))) {
    const finds = row?.['finds'] === true
    findings.push(finding('first-use', 'search_path', `Connections begin with a search path: code that goes around the tenant client ${finds ? 'reads the tables there, whoever the tenant is' : 'finds whatever is made there, instead of failing'}.`, String(row?.['repair']), finds ? 'fatal' : 'warning'))
  }
  return findings.length > 0 ? { findings } : { ok: 'connections begin without a tenant and without a path' }
}

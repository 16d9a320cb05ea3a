import type { TenantSql } from '../../../data/client/index.ts'
import { tenantIn } from '../../../data/signing/index.ts'
import { TENANT_SETTING, quoteLiteral } from '../../../words/names.ts'
import type { Finding } from '../../../words/types.ts'
import { type Verdict, finding } from '../proof.ts'
import type { Subject } from './subject.ts'

/** What a statement runs with, in one-word columns: the application's options may rename others. */
export const SETTINGS_SQL = `select pg_catalog.current_setting('search_path') as path, pg_catalog.current_setting(${quoteLiteral(TENANT_SETTING)}, true) as tenant,
  pg_catalog.current_schema()::pg_catalog.text as schema, session_user::pg_catalog.text as login, current_user::pg_catalog.text as role, pg_catalog.pg_backend_pid()::pg_catalog.text as pid`

type Row = Readonly<Record<string, unknown>>

/** Every way in which a service sends statements. */
const WAYS: Readonly<Record<string, (sql: TenantSql) => Promise<Row | undefined>>> = {
  'a plain statement': async (sql) => (await sql.unsafe(SETTINGS_SQL))[0],
  'a statement alone': async (sql) => (await sql.alone.unsafe(SETTINGS_SQL))[0],
  'a transaction': async (sql) => await sql.begin(async (tx) => (await tx.unsafe(SETTINGS_SQL))[0]),
  'a savepoint': async (sql) => await sql.begin(async (tx) => await tx.savepoint(async (inner) => (await inner.unsafe(SETTINGS_SQL))[0])),
  'a cursor': async (sql) => {
    let found: Row | undefined
    for await (const [row] of sql.unsafe(SETTINGS_SQL).cursor(1)) found = row
    return found
  },
  'a reserved connection': async (sql) => {
    const reserved = await sql.reserve()
    try {
      return (await reserved.unsafe(SETTINGS_SQL))[0]
    } finally {
      reserved.release()
    }
  }
}

/** Looks whether statements of every kind run with the tenant's path, schema and variable, as the role that logged in. */
export async function checkSettings (subject: Subject): Promise<Verdict> {
  const findings: Finding[] = []
  for (const [way, send] of Object.entries(WAYS)) {
    const wrong = wrongSetting(await subject.run(send), subject)
    if (wrong !== undefined) findings.push(finding('settings', `${subject.tenant.id}: ${way}`, `It runs with another ${wrong} than the tenant's.`, '-- look for what else sets it: triggers, ALTER ROLE … SET, a pooler\'s connect_query'))
  }
  return findings.length > 0 ? { findings } : { ok: `${Object.keys(WAYS).length} kinds of statements run with the path, schema and variable of ${subject.tenant.id}` }
}

/** Returns which setting of an answer is not the subject's. */
export function wrongSetting (row: Row | undefined, { settings }: Subject): string | undefined {
  // The server writes only the quotes that it needs where it was told by `set local`, and all where it was by set_config.
  if (row === undefined || unquoted(row['path']) !== unquoted(settings.searchPath)) return 'search_path'
  if (tenantIn(String(row['tenant'])) !== settings.tenantId) return TENANT_SETTING
  if (row['schema'] !== settings.schema) return 'schema'
  return row['role'] === row['login'] ? undefined : 'role'
}

function unquoted (path: unknown): string {
  return String(path).replaceAll('"', '')
}

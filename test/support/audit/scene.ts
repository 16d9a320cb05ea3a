import { fileURLToPath } from 'node:url'
import postgres, { type Sql } from 'postgres'
import { type AuditReport, auditEverywhere } from '../../../lib/operations/audit/index.ts'
import { provision } from '../../../lib/operations/provisioning/index.ts'
import type { TenancyConfig, TenancyOptions } from '../../../lib/settings/config/index.ts'
import type { Finding, IsolationStrategyName } from '../../../lib/words/types.ts'
import { startDatabase } from '../../../lib/faces/testing/index.ts'
import type { TestDatabaseRequest } from '../database.ts'
import { operationsScene } from '../operations.ts'

/** The migrations of the example, which work under every strategy. */
const EXAMPLE = fileURLToPath(new URL('../../../examples/server/migrations', import.meta.url))

/** Two tenants of each strategy that shares a database. */
export const TENANTS: Readonly<Record<string, IsolationStrategyName>> = {
  acme: 'schema+rls', globex: 'schema+rls', initech: 'schema', hooli: 'schema', umbrella: 'rls', vandelay: 'rls'
}

/** Names that a fault is planted with. */
export interface AuditNames {
  readonly app: string
  readonly owner: string
  readonly database: string
}

/** A database as the example makes it, with rows of every tenant, and its audit. */
export interface AuditScene {
  readonly names: AuditNames
  readonly config: TenancyConfig
  /** As superuser. */
  readonly admin: Sql
  readonly owner: Sql
  report (): Promise<AuditReport>
  findings (): Promise<readonly Finding[]>
}

/** Makes one; tests of a file share it. */
export async function auditScene (t: Parameters<typeof operationsScene>[0], options: TenancyOptions = {}, request?: TestDatabaseRequest): Promise<AuditScene> {
  const scene = await operationsScene(t, request)
  const config = scene.configOf(undefined, { migrations: EXAMPLE, ...options })
  for (const [id, isolation] of Object.entries(TENANTS)) {
    await provision(config, { id, isolation })
    await scene.asApp(id, isolation === 'rls' ? 'shared' : `tenant_${id}`, `insert into deals (id, title) values ('1', 'first of ${id}'), ('2', 'second of ${id}')`)
  }
  const owner = postgres(scene.ownerUrl, { max: 1, onnotice: () => {} })
  t.teardown(() => owner.end({ timeout: 5 }))
  const report = async (): Promise<AuditReport> => await auditEverywhere(config)
  return {
    config,
    owner,
    admin: scene.admin,
    names: { app: scene.appRole, owner: scene.ownerRole, database: new URL(scene.adminUrl).pathname.slice(1) },
    report,
    // The server that tests use may be an old one: no fault of the database.
    findings: async () => (await report()).findings.filter(({ check }) => check !== 'server-version')
  }
}

/** The same on a server of its own, for faults that every database of a server shows: other tests expect silence of theirs. */
export async function auditSceneAlone (t: Parameters<typeof operationsScene>[0]): Promise<AuditScene> {
  const { url, stop } = await startDatabase()
  t.teardown(stop)
  return await auditScene(t, {}, { server: url })
}

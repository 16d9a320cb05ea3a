import type { Sql } from 'postgres'
import type { IsolationStrategyName, TenancyOptions } from '../../lib/index.ts'
import { Signer } from '../../lib/data/signing/index.ts'
import { signingOf } from '../../lib/settings/config/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { TREASURE, injections } from './injections.ts'
import { type TestTenancy, plainClient, testTenancy } from './tenancy.ts'

type TestScope = Parameters<typeof testTenancy>[0]

/** Sends one text as acme, and returns what came back of it: rows, or everything that an error says. */
export type Send = (text: string) => Promise<unknown>

/** Both tenants, and what an attacker has of acme. */
export interface Battlefield extends TestTenancy {
  readonly table: string
  /** Sends each injection, and returns the names of those that read or wrote anything of globex. */
  attack (send: Send): Promise<readonly string[]>
  /** As one statement of the tenant client. */
  readonly asStatement: Send
  /** As a text of the simple protocol, in which a statement may stand behind a semicolon. */
  readonly asText: Send
  /** In a transaction, with an innocent statement behind it. */
  readonly inTransaction: Send
  /** Behind acme's own settings, as code that is handed the connection would: any protocol, any statement, nothing refused before the server. */
  readonly onConnection: Send
}

/** Opens it; what is signed or locked is so from the first tenant on. */
export async function battlefield (t: TestScope, isolation: IsolationStrategyName, options: Pick<TenancyOptions, 'signing' | 'locked'> = {}): Promise<Battlefield> {
  const test = await testTenancy(t, { isolation, ...options })
  const { sql, as, admin, appUrl, ownerUrl } = test
  const table = isolation === 'rls' ? 'shared.docs' : 'tenant_globex.docs'
  const token = await acmeToken(admin, options.signing)
  const path = isolation === 'rls' ? 'shared, pg_temp' : 'tenant_acme, extensions, pg_temp'
  const asStatement: Send = async (text) => await as('acme', async () => await sql.unsafe(text))
  return {
    ...test,
    table,
    asStatement,
    asText: async (text) => await as('acme', async () => await sql.unsafe(text).simple()),
    inTransaction: async (text) => await as('acme', async () => await sql.begin(async (tx) => {
      const first: unknown = await tx.savepoint(async (inner) => await inner.unsafe(text)).catch((error: unknown) => told(error))
      return [first, [...await tx.unsafe('select id, body from docs')]]
    })),
    onConnection: async (text) => {
      const client = plainClient(t, appUrl)
      try {
        return await client.begin(async (tx) => {
          await tx`select set_config('search_path', ${path}, true), set_config('app.tenant_id', ${token}, true)`
          const first: unknown = await tx.savepoint(async (inner) => await inner.unsafe(text)).catch((error: unknown) => told(error))
          return [first, await tx.unsafe(`select id, body from ${table}`).catch((error: unknown) => told(error))]
        })
      } finally {
        await client.end({ timeout: 0 })
      }
    },
    attack: async (send) => {
      const leaks: string[] = []
      for (const { name, text } of injections({ table, owner: new URL(ownerUrl).username })) {
        await restore(admin, isolation, new URL(appUrl).username)
        const answer = JSON.stringify(await send(text).catch((error: unknown) => told(error)))
        const victim = await as('globex', async () => [...await sql`select tenant_id, id, body from docs`]).catch((error: unknown) => told(error))
        if (answer.includes(TREASURE) || JSON.stringify(victim) !== JSON.stringify([WHOLE]) || !await isWhole(test, table)) leaks.push(name)
      }
      return leaks
    }
  }
}

const WHOLE = { tenant_id: 'globex', id: 1, body: TREASURE }

/** Everything that an error tells, its cause and the fields of the server among it. */
function told (error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  return { ...Object.fromEntries(Object.getOwnPropertyNames(error).map((name) => [name, String(Reflect.get(error, name))])), cause: told(error.cause ?? '') }
}

/** What a process that signs would send for acme. */
async function acmeToken (admin: Sql, signing: TenancyOptions['signing']): Promise<string> {
  const config = signingOf(signing, [])
  if (config === undefined) return 'acme'
  const [place] = await admin`select deployment::text as deployment from zakops_tenancy.place`
  const signer = new Signer(config)
  signer.bind(String(place?.['deployment']))
  return signer.sign(parseTenantId('acme')).value
}

/** Each tenant has one row again, and the role no settings that somebody left behind. */
async function restore (admin: Sql, isolation: IsolationStrategyName, appRole: string): Promise<void> {
  const tables = isolation === 'rls' ? { acme: 'shared.docs', globex: 'shared.docs' } : { acme: 'tenant_acme.docs', globex: 'tenant_globex.docs' }
  await admin.unsafe(`alter role ${appRole} reset app.tenant_id;
    delete from ${tables.acme}; delete from ${tables.globex};
    insert into ${tables.acme} (tenant_id, id, body) values ('acme', 1, 'mine');
    insert into ${tables.globex} (tenant_id, id, body) values ('globex', 1, '${TREASURE}')`)
}

/** The database's own word: globex has its one row as it was, and nobody else has anything in its place. */
async function isWhole ({ documents }: TestTenancy, table: string): Promise<boolean> {
  const rows = (await documents()).filter(({ place, tenant_id: tenant }) => tenant === 'globex' || (place !== 'shared' && `${place}.docs` === table))
  return JSON.stringify(rows.map(({ place: _, ...row }) => row)) === JSON.stringify([WHOLE])
}

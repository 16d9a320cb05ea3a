import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres, { type Sql, type TransactionSql } from 'postgres'
import type { Test } from 'tap'
import { settingsOf } from '../../lib/data/isolation/index.ts'
import { TENANT_COLUMNS, TENANTS_TABLE, parseTenant } from '../../lib/data/registry/index.ts'
import { type MoveRequest, moveTenant } from '../../lib/operations/moves/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { type DatabaseOption, type TenancyConfig, type TenancyOptions, databaseAt } from '../../lib/settings/config/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import type { Tenant } from '../../lib/words/types.ts'
import { startDatabase } from '../../lib/faces/testing/index.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { type OperationsScene, operationsScene } from './operations.ts'

interface TestScope {
  teardown (fn: () => unknown): void
  testdir (files: Readonly<Record<string, string | Readonly<Record<string, string>>>>): string
}

/** What every tenant reads, and no tenant takes along. */
const COUNTRIES = "create table countries (code text primary key); insert into countries values ('de'), ('fr')"

const tenantColumn = "tenant_id text not null default nullif(current_setting('app.tenant_id', true), '')"

/** Tables with everything that copying has to get right: foreign keys, an identity, a generated column, a trigger, and a table without a key. */
const BOOKS = `
create table accounts (${tenantColumn}, id bigint generated always as identity, slug text not null, balance bigint not null default 0,
  double bigint generated always as (balance * 2) stored, seen timestamptz, country text default 'de' references shared.countries (code), primary key (tenant_id, id), unique (tenant_id, slug));
create table entries (${tenantColumn}, id uuid not null, account bigint not null, amount integer not null, note text, details jsonb, raw bytea,
  at timestamptz not null default now(), primary key (tenant_id, id),
  foreign key (tenant_id, account) references accounts (tenant_id, id) on delete cascade);
create table marks (${tenantColumn}, said text);
create table aaa_children (${tenantColumn}, id int not null, parent int, primary key (tenant_id, id), foreign key (tenant_id, parent) references aaa_children (tenant_id, id));
create sequence invoice_numbers;
`

/** Two places for tenants, and the migrations of the books. */
export interface MovingScene extends OperationsScene {
  readonly other: TestDatabase
  readonly config: TenancyConfig
  /** The tenant as the registry has it. */
  tenant (id: string): Promise<Tenant>
  /** Runs `fn` as the application's role, as this tenant, where the registry says it is. */
  asTenant<T> (id: string, fn: (tx: TransactionSql) => Promise<T>): Promise<T>
  /** The same at a place that the registry need not agree with. */
  asAt<T> (tenant: Tenant, fn: (tx: TransactionSql) => Promise<T>): Promise<T>
  /** Makes a tenant with a few rows of each table. */
  seed (id: string, options: Partial<Pick<Tenant, 'isolation' | 'server'>>, entries?: number): Promise<Tenant>
  /** What the books of a tenant say, row by row, as texts. */
  books (id: string): Promise<Readonly<Record<string, readonly string[]>>>
}

let second: Promise<string> | undefined

/** The superuser's URL of another server, which lives as long as this process. */
function secondServer (): Promise<string> {
  second ??= startDatabase().then(({ url }) => url)
  return second
}

export async function movingScene (t: TestScope, options: TenancyOptions = {}): Promise<MovingScene> {
  const scene = await operationsScene(t)
  const there = await testDatabase(t, { server: await secondServer() })
  const prefix = `m${randomUUID().slice(0, 5)}_`
  const config = scene.configOf(undefined, {
    migrations: t.testdir({ shared: { '001-countries.sql': COUNTRIES }, tenant: { '001-books.sql': BOOKS } }),
    adminDatabase: scene.adminUrl,
    databasePrefix: prefix,
    servers: { other: { database: there.appUrl, ownerDatabase: there.ownerUrl, adminDatabase: there.adminUrl } },
    ...options
  })
  const clients = new Map<string, Sql>()
  t.teardown(async () => {
    await Promise.all([...clients.values()].map((sql) => sql.end({ timeout: 5 })))
    // Their roles cannot go before their databases.
    for (const { admin } of [scene, there]) {
      const databases = await admin`select datname as name from pg_database where datname like ${prefix.replace('_', '\\_') + '%'}`
      for (const { name } of databases) await admin.unsafe(`drop database "${String(name)}" with (force)`)
    }
  })
  const clientAt = (place: Tenant): Sql => {
    const key = JSON.stringify([place.server, place.database])
    const found = clients.get(key)
    if (found !== undefined) return found
    const made = connect(databaseAt(config, 'database', place))
    clients.set(key, made)
    return made
  }
  const tenant = async (id: string): Promise<Tenant> => {
    const [row] = await scene.admin.unsafe(`select ${TENANT_COLUMNS} from ${TENANTS_TABLE} where id = $1`, [id])
    return parseTenant(row, config)
  }
  const asAt: MovingScene['asAt'] = async (place, fn) => {
    const { searchPath, tenantId } = settingsOf(place, config.extensionsSchema)
    const boxed = await clientAt(place).begin(async (tx) => {
      await tx`select set_config('search_path', ${searchPath}, true), set_config('app.tenant_id', ${tenantId}, true)`
      return { value: await fn(tx) }
    })
    return boxed.value
  }
  const asTenant: MovingScene['asTenant'] = async (id, fn) => await asAt(await tenant(id), fn)
  return {
    ...scene,
    other: there,
    config,
    tenant,
    asAt,
    asTenant,
    async seed (id, wish, entries = 20) {
      const made = await provision(config, { id, server: 'default', ...wish })
      await asTenant(id, async (tx) => {
        await tx`insert into accounts (slug) values ('cash'), ('bank'), (${'only of ' + id})`
        const [account] = await tx`select min(id) as id from accounts`
        await tx`insert into entries (id, account, amount, note, details, raw)
          select gen_random_uuid(), ${account?.['id']}, n, ${'of ' + id} || E'\t\\\n' || n, jsonb_build_object('n', n), '\\x00ff' from generate_series(1, ${entries}::int) n`
        await tx`update accounts set balance = (select coalesce(sum(amount), 0) from entries where account = accounts.id)`
        await tx`insert into marks (said) values ('twice'), ('twice'), (null), (${id})`
        await tx`insert into aaa_children (id, parent) values (1, null), (2, 1)`
        await tx`select nextval('invoice_numbers') from generate_series(1, 7)`
      })
      return made
    },
    async books (id) {
      return await asTenant(id, async (tx) => {
        const books: Record<string, readonly string[]> = {}
        for (const table of ['accounts', 'entries', 'marks', 'aaa_children']) {
          const rows = await tx.unsafe(`select (to_jsonb(r) - 'tenant_id')::text as text from ${table} r order by 1`)
          books[table] = rows.map((row) => String(row['text']))
        }
        return books
      })
    }
  }
}

function connect (database: DatabaseOption | undefined): Sql {
  if (typeof database !== 'string') throw new Error('these tests give URLs')
  return postgres(database, { max: 8, prepare: false, fetch_types: false, onnotice: () => {} })
}

/** What a tenant gets that came to the place it has left; it is sent again. */
const RETRIED = new Set(['ZTMOV', '42501', '3F000', '42P01'])

/** Writers of one tenant that go on until they are stopped. */
export interface Writers {
  /** Stops, and returns the ids of the entries that were acknowledged, and how long each write took at most. */
  stop (): Promise<{ readonly acknowledged: readonly string[], readonly slowest: number, readonly refused: number, readonly times: readonly number[] }>
}

/** Writes as this tenant all the time, each writer one transaction after the other, `pauseMs` apart; what the registry said is believed for `cacheMs`. */
export function keepWriting (scene: MovingScene, id: string, { writers = 3, cacheMs = 200, pauseMs = 0 } = {}): Writers {
  const state = { isOver: false }
  let refused = 0
  const acknowledged: string[] = []
  const times: number[] = []
  let cached: { tenant: Tenant, since: number } | undefined
  const find = async (): Promise<Tenant> => {
    if (cached === undefined || performance.now() - cached.since > cacheMs) cached = { tenant: await scene.tenant(id), since: performance.now() }
    return cached.tenant
  }
  const write = async (entry: string): Promise<void> => {
    for (;;) {
      try {
        return await scene.asAt(await find(), (tx) => writeEntry(tx, entry))
      } catch (error) {
        if (!(error instanceof postgres.PostgresError) || !RETRIED.has(error.code)) throw error
        refused++
        cached = undefined
        await sleep(20)
      }
    }
  }
  const loop = async (): Promise<void> => {
    while (!state.isOver) {
      const entry = randomUUID()
      const began = performance.now()
      await write(entry)
      times.push(performance.now() - began)
      acknowledged.push(entry)
      if (pauseMs > 0) await sleep(pauseMs)
    }
  }
  const running = Promise.all(Array.from({ length: writers }, loop))
  running.catch(() => {})
  return {
    async stop () {
      state.isOver = true
      await running
      return { acknowledged, refused, times, slowest: Math.max(0, ...times) }
    }
  }
}

/** Draws numbers of a sequence as this tenant all the time, each by a transaction that writes nothing; what the registry said is believed for 200 ms. */
export function keepDrawing (scene: MovingScene, id: string): { readonly numbers: readonly string[], stop (): Promise<void> } {
  const state = { isOver: false }
  const numbers: string[] = []
  let cached: { tenant: Tenant, since: number } | undefined
  const find = async (): Promise<Tenant> => {
    if (cached === undefined || performance.now() - cached.since > 200) cached = { tenant: await scene.tenant(id), since: performance.now() }
    return cached.tenant
  }
  const loop = async (): Promise<void> => {
    while (!state.isOver) {
      try {
        const [row] = await scene.asAt(await find(), (tx) => tx`select nextval('invoice_numbers')::text as number`)
        numbers.push(String(row?.['number']))
      } catch (error) {
        if (!(error instanceof postgres.PostgresError) || !RETRIED.has(error.code)) throw error
        cached = undefined
        await sleep(20)
      }
    }
  }
  const running = Promise.all(Array.from({ length: 3 }, loop))
  running.catch(() => {})
  return {
    numbers,
    async stop () {
      state.isOver = true
      await running
    }
  }
}

/** One transaction: an entry and its account's balance; some entries are changed, moved to another key or removed again. */
export async function writeEntry (tx: TransactionSql, id: string): Promise<void> {
  const [account] = await tx`select id from accounts order by random() limit 1`
  const amount = 1 + Math.floor(Math.random() * 100)
  await tx`insert into entries (id, account, amount, note) values (${id}, ${account?.['id']}, ${amount}, 'written')`
  await tx`update accounts set balance = balance + ${amount}, seen = now() where id = ${account?.['id']}`
  const extra = randomUUID()
  await tx`insert into entries (id, account, amount) values (${extra}, ${account?.['id']}, 0)`
  if (amount % 3 === 0) await tx`update entries set id = ${randomUUID()}, note = 'renamed' where id = ${extra}`
  else await tx`delete from entries where id = ${extra}`
  if (amount % 5 === 0) await tx`insert into marks (said) values (${id})`
}

/** What these checks need of tap. */
interface Asserts {
  equal (found: unknown, wanted: unknown, ...message: [] | [string]): unknown
  same (found: unknown, wanted: unknown, ...message: [] | [string]): unknown
}

/** Throws unless each acknowledged entry is there once, and every balance is the sum of its entries. */
export async function checkBooks (t: Asserts, scene: MovingScene, id: string, acknowledged: readonly string[]): Promise<void> {
  const rows = await scene.asTenant(id, async (tx) => [...await tx`select id::text as id from entries where note = 'written'`])
  t.equal(rows.length, acknowledged.length, 'as many entries as were acknowledged')
  t.same(new Set(rows.map((row) => row['id'])), new Set(acknowledged))
  const wrong = await scene.asTenant(id, async (tx) => [...await tx`
    select a.id from accounts a where a.balance <> (select coalesce(sum(amount), 0) from entries e where e.account = a.id)`])
  t.same(wrong, [], 'every balance is the sum of its entries')
}

/** Moves acme until the move tells of this step for the n-th time, and stops there as if the process had failed. */
export async function moveUntil (t: Pick<Test, 'rejects'>, scene: MovingScene, request: MoveRequest, wanted: string, occurrence = 1): Promise<void> {
  let seen = 0
  await t.rejects(moveTenant(scene.config, parseTenantId('acme'), {
    ...request,
    onProgress ({ step }) {
      if (step === wanted && ++seen === occurrence) throw new Error('stopped here')
    }
  }), { code: 'FST_TENANCY_MOVE_INTERRUPTED' })
}

/** Everything that moves leave in a database, by kind. */
export async function remains ({ admin, other }: MovingScene): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for (const sql of [admin, other.admin]) {
    found.push(...await sql`select tgname as left from pg_trigger where tgname like 'zakops%'
      union all select relname from pg_class where relname like 'move\_%' and relkind = 'S' and relname not like '%\_seq'
      union all select name from zakops_tenancy.move_changes union all select tenant from zakops_tenancy.moves`)
  }
  return found
}

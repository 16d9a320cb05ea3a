import t from 'tap'
import type { TenantSql } from '../../lib/data/client/index.ts'
import { checkContext } from '../../lib/faces/verify/connections/context.ts'
import { checkNames, checkOutside } from '../../lib/faces/verify/connections/names.ts'
import { checkFirstUse, checkReuse } from '../../lib/faces/verify/connections/reuse.ts'
import { checkRows } from '../../lib/faces/verify/connections/rows.ts'
import { checkSettings } from '../../lib/faces/verify/connections/settings.ts'
import { Subject } from '../../lib/faces/verify/connections/subject.ts'
import { type Verdict } from '../../lib/faces/verify/proof.ts'
import { createTenancy } from '../../lib/index.ts'
import { startPgBouncer, withoutPgBouncer } from '../support/pgbouncer.ts'
import { plainClient, testTenancy } from '../support/tenancy.ts'

// A probe that finds nothing where nothing is wrong shows little: here each one looks at what is wrong.

const EXTENSIONS = 'extensions'
const scene = await testTenancy(t)
const tenantOf = async (id: string) => await scene.tenancy.registry.get(id)
const acme = new Subject(await tenantOf('acme'), scene.sql, EXTENSIONS)
const globex = new Subject(await tenantOf('globex'), scene.sql, EXTENSIONS)

/** Is called acme, and gets what the lanes give to globex: what a confused pool would do (C-01). */
class Confused extends Subject {
  override async run<T> (fn: (sql: TenantSql) => Promise<T>): Promise<T> {
    return await globex.run(fn)
  }
}
const confused = new Confused(acme.tenant, scene.sql, EXTENSIONS)

const found = (verdict: Verdict): readonly string[] => 'findings' in verdict ? verdict.findings.map(({ check, object }) => `${check} ${object}`) : []

t.test('the probes of verify', async (t) => {
  t.test('find nothing wrong with tenants that get what is theirs', async (t) => {
    for (const verdict of [await checkSettings(acme), await checkNames(acme, EXTENSIONS), await checkReuse([acme, globex]), await checkRows(acme, [globex]), await checkContext(scene.sql)]) t.match(verdict, { ok: /./ })
    t.same(found(await checkOutside(acme, [EXTENSIONS])), [])
  })

  t.test('find every kind of statement that runs as another tenant', async (t) => {
    t.same(found(await checkSettings(confused)), ['a plain statement', 'a statement alone', 'a transaction', 'a savepoint', 'a cursor', 'a reserved connection'].map((way) => `settings acme: ${way}`))
  })

  t.test('find names that another schema answers to', async (t) => {
    t.same(found(await checkNames(confused, EXTENSIONS)), ['names tenant_globex'])
  })

  t.test('find a connection that brings another tenant along, and one that has nothing of one', async (t) => {
    t.match(found(await checkReuse([confused, globex])), ['reuse acme'])
    t.match(await checkReuse([acme]), { skipped: /no connection was used by two tenants/ })
  })

  t.test('find tables that another tenant reads and writes, and that a tenant writes another\'s rows into', async (t) => {
    const rows = async () => found(await checkRows(acme, [new Twin(acme)]))
    t.same(await rows(), ['rows-readable "tenant_acme"."docs"', 'rows-writable "tenant_acme"."docs"'], 'what it can do as acme, it can do')
    const check = await scene.admin`select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'tenancy_tenant' and conrelid = 'tenant_acme.docs'::regclass`
    await scene.admin.unsafe('alter table tenant_acme.docs disable row level security, drop constraint tenancy_tenant')
    t.same([...found(await checkRows(acme, [globex]))].sort(), ['rows-given-away "tenant_acme"."docs"', 'rows-readable "tenant_acme"."docs"', 'rows-writable "tenant_acme"."docs"'])
    await scene.admin.unsafe(`alter table tenant_acme.docs enable row level security, add constraint tenancy_tenant ${String(check[0]?.['definition'])}`)
    t.match(await checkRows(acme, [globex]), { ok: /1 of 1 tables/ }, 'nothing of it stayed')
    t.same((await scene.documents()).map(({ tenant_id: tenant }) => tenant), ['acme', 'globex'])
  })

  t.test('tell what could not be tried', async (t) => {
    const { sql } = scene
    t.match(await checkRows(new Subject({ ...acme.tenant, isolation: 'schema' }, sql, EXTENSIONS), [globex]), { skipped: /the path alone/ })
    t.match(await checkRows(new Subject({ ...acme.tenant, isolation: 'database' }, sql, EXTENSIONS), [globex]), { skipped: /the database alone/ })
    await scene.tenancy.runWithTenant('globex', async () => await sql`delete from docs`)
    t.match(await checkRows(globex, [acme]), { skipped: /has a row/ })
    await scene.tenancy.runWithTenant('globex', async () => await sql`insert into docs (id, body) values (1, 'secret of globex')`)
    const nobody = acme.stranger()
    t.match(await checkNames(new Subject({ ...nobody.tenant, schema: 'pg_catalog' }, sql, EXTENSIONS), EXTENSIONS), { skipped: /no tables yet/ })
  })

  t.test('find what sessions begin with', async (t) => {
    const session = plainClient(t, scene.adminUrl)
    const beginning = async (tenant: string, path: string): Promise<readonly string[]> => {
      await session`select set_config('app.tenant_id', ${tenant}, false), set_config('search_path', ${path}, false)`
      return found(await checkFirstUse(async (text) => await session.unsafe(text)))
    }
    t.same(await beginning('', ''), [])
    t.same(await beginning('acme', '""'), ['first-use app.tenant_id'])
    t.same(await beginning('', 'public'), ['first-use search_path'])
  })

  t.test('find statements that run without a tenant', async (t) => {
    const observing = await createTenancy({ mode: 'single', tenantId: 'acme', database: scene.appUrl, enforce: false, log: { info () {}, warn () {}, error () {} } })
    t.teardown(() => observing.close())
    t.same(found(await checkContext(observing.sql)), ['sql`…`', 'sql.unsafe', 'sql.begin', 'sql.reserve'].map((call) => `context ${call}`))
    await observing.close()
    await t.rejects(checkContext(observing.sql), { code: /FST_TENANCY_(CLOSED|CONTEXT)/ }, 'what cannot be tried is no refusal')
  })

  t.test('try every kind of statement behind a pooler too', { skip: withoutPgBouncer() }, async (t) => {
    const { through } = await startPgBouncer(t, [scene.appUrl], { mode: 'transaction' })
    const pooled = await createTenancy({ mode: 'multi', database: through(scene.appUrl), log: { info () {}, warn () {}, error () {} } })
    t.teardown(() => pooled.close())
    t.match(await checkSettings(new Subject(acme.tenant, pooled.sql, EXTENSIONS)), { ok: /^6 kinds of statements/ })
  })
})

/** Somebody who is taken for somebody else by the database, and is not. */
class Twin extends Subject {
  readonly #of: Subject

  constructor (of: Subject) {
    super(of.stranger().tenant, of.sql, EXTENSIONS)
    this.#of = of
  }

  override async run<T> (fn: (sql: TenantSql) => Promise<T>): Promise<T> {
    return await this.#of.run(fn)
  }
}

import t from 'tap'
import { migrateTenants } from '../../lib/operations/fleet/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { createTenancy } from '../../lib/index.ts'
import { DEALS, operationsScene } from '../support/operations.ts'

/** A folder with folders, which the scene's own `configOf` cannot say. */
type Tree = Readonly<Record<string, Readonly<Record<string, string>>>>

async function treeScene (t: Parameters<typeof operationsScene>[0] & { testdir (files: Tree): string }) {
  const scene = await operationsScene(t)
  return { ...scene, configOfTree: (tree: Tree, options = {}) => scene.configOf(undefined, { migrations: t.testdir(tree), ...options }) }
}

const COUNTRIES = "create table countries (code text primary key); insert into countries values ('NL')"

t.test('shared migrations', async (t) => {
  t.test('run once, and make tables that every tenant reads and none changes', async (t) => {
    const { configOfTree, asApp, admin, appUrl, ownerUrl } = await treeScene(t)
    const tree = {
      shared: { '001_countries.sql': COUNTRIES },
      tenant: { '001_deals.sql': 'create table deals (tenant_id text not null, id int, country text references shared.countries (code), primary key (tenant_id, id))' }
    }
    const config = configOfTree(tree)
    await provision(config, { id: 'acme' })
    await provision(config, { id: 'globex', isolation: 'rls' })
    for (const [id, schema] of [['acme', 'tenant_acme'], ['globex', 'shared']] as const) {
      await asApp(id, schema, "insert into deals (tenant_id, id, country) select current_setting('app.tenant_id'), 1, code from shared.countries")
      t.same(await asApp(id, schema, 'select country from deals'), [{ country: 'NL' }])
      for (const text of ["insert into shared.countries values ('BE')", "update shared.countries set code = 'DE'", 'delete from shared.countries']) {
        await t.rejects(asApp(id, schema, text), { code: '42501' })
      }
    }
    t.equal((await admin`select from zakops_tenancy.migrations where name = '001_countries.sql'`).count, 1)
    const tenancy = await createTenancy({ mode: 'multi', database: appUrl, ownerDatabase: ownerUrl, log: { info () {}, warn () {}, error () {} } })
    t.same((await tenancy.audit()).filter(({ check }) => check === 'unprotected-table'), [])
    await tenancy.close()
    const more = configOfTree({ ...tree, shared: { ...tree.shared, '002_names.sql': "alter table countries add name text; comment on table countries is 'ISO 3166'" } })
    t.match(await migrateTenants(more), { done: 2, failed: 0 })
    t.match(await migrateTenants(more), { done: 2, failed: 0 }, 'a comment of their own does not make them tenants\' tables')
    await t.rejects(migrateTenants(configOfTree({ ...tree, shared: { '001_countries.sql': `${COUNTRIES};` } })), { code: 'FST_TENANCY_MIGRATION_CHANGED' })
  })

  t.test('give a table with a tenant column its policies, and an unmarked table without one is still refused', async (t) => {
    const { configOfTree, asApp } = await treeScene(t)
    const shared = { '001_notes.sql': 'create table notes (tenant_id text not null, body text)' }
    for (const id of ['acme', 'globex']) {
      await provision(configOfTree({ shared }), { id, isolation: 'rls' })
      await asApp(id, 'shared', `insert into notes (body) values ('of ${id}')`)
    }
    t.same(await asApp('acme', 'shared', 'select body from notes'), [{ body: 'of acme' }])
    const unmarked = configOfTree({ shared, tenant: { '001_x.sql': 'create table open_to_all (id int)' } })
    t.match(await migrateTenants(unmarked), { failed: 2, results: [{ error: { code: 'FST_TENANCY_POLICY_COLUMN_MISSING' } }, {}] })
  })

  t.test('stand in a folder of their own, and nothing beside the two folders', async (t) => {
    const { configOf } = await operationsScene(t)
    const config = configOf(undefined, { migrations: t.testdir({ tenant: { '001_deals.sql': DEALS }, '002_x.sql': 'select 1' }) })
    await t.rejects(migrateTenants(config), { code: 'FST_TENANCY_MIGRATION_REFUSED', message: /002_x\.sql.*move it/ })
  })
})

t.test('a module', async (t) => {
  t.test('runs with the transaction of its tenant, and is rolled back with it', async (t) => {
    const { configOf, asApp, admin } = await operationsScene(t)
    const files = { '001_deals.sql': DEALS, 'package.json': '{"type":"module"}', 'words.js': "export const title = 'made by '" }
    const module = `import { title } from './words.js'
export default async (sql) => {
  const [{ id }] = await sql\`select current_setting('app.tenant_id') as id\`
  await sql\`insert into deals (id, title) values (1, \${title + id})\`
}
`
    const config = configOf({ ...files, '002_fill.js': module, '003_more.mjs': 'export default async (sql) => { await sql`alter table deals add stage text` }' })
    for (const id of ['acme', 'globex']) await provision(config, { id })
    t.same(await asApp('globex', 'tenant_globex', 'select title, stage from deals'), [{ title: 'made by globex', stage: null }])
    await t.rejects(provision(configOf({ ...files, '002_fill.js': `${module}//`, '003_more.mjs': '' }), { id: 'acme' }), { code: 'FST_TENANCY_MIGRATION_REFUSED' })
    await t.rejects(provision(configOf({ ...files, '002_fill.js': module.replace('insert', "select 'changed'; insert") }), { id: 'acme' }), { code: 'FST_TENANCY_MIGRATION_CHANGED' })
    const broken = configOf({ ...files, '002_fill.js': `${module}`.replace('}\n', "  await sql`insert into deals (id, title) values (9, 'x')`\n  throw new Error('no')\n}\n") })
    await t.rejects(provision(broken, { id: 'initech' }), { code: 'FST_TENANCY_MIGRATION_FAILED', message: /002_fill\.js/, cause: { message: 'no' } })
    t.equal((await admin`select from pg_namespace where nspname = 'tenant_initech'`).count, 0)
  })

  t.test('is refused when it cannot be loaded or is no function, and says what TypeScript needs', async (t) => {
    const { configOf } = await operationsScene(t)
    for (const text of ['export default 1', 'export const x = 1', 'throw new Error("no")', 'syntax error']) {
      await t.rejects(migrateTenants(configOf({ '001_x.mjs': text })), { code: 'FST_TENANCY_MIGRATION_REFUSED', message: /001_x\.mjs/ }, text)
    }
    const typed = configOf({ '001_x.ts': 'export default async (sql: unknown): Promise<void> => { void sql }', 'package.json': '{"type":"module"}' })
    // Here a loader reads TypeScript; what a Node.js without one is told has no test yet.
    await migrateTenants(typed)
  })
})

t.test('a schema in a tenant migration is refused before anything is sent, with the file and the line', async (t) => {
  const { configOf, admin } = await operationsScene(t)
  for (const [text, line] of [['select 1;\n\nselect *\nfrom other.deals', 4], ['\n\nset search_path = x', 3], ['create schema other', 1]] as const) {
    const refused = { code: 'FST_TENANCY_MIGRATION_REFUSED', message: new RegExp(`001_x\\.sql is refused: line ${line}: `) }
    await t.rejects(provision(configOf({ '001_x.sql': text }), { id: 'acme' }), refused, text)
    await t.rejects(migrateTenants(configOf({ '001_x.sql': text })), refused, text)
  }
  t.equal((await admin`select from zakops_tenancy.tenants`).count, 0)
})

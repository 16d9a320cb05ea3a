import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import t from 'tap'
import { seedTenant } from '../../examples/server/seed.ts'
import { createTenancy } from '../../lib/index.ts'
import { policyStatements } from '../../lib/operations/policies/index.ts'
import { type Ran, SCRIPT, commandScene, runMain } from '../support/command-line.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { SECRET } from '../support/signing.ts'

const example = fileURLToPath(new URL('../../examples/server', import.meta.url))
const QUIET = { info () {}, warn () {}, error () {} }

/** The example's database as `npm start` leaves it in single mode; and globex, whom another deployment put there. */
async function exampleScene (): Promise<TestDatabase & { readonly env: Readonly<Record<string, string>> }> {
  const database = await testDatabase(t)
  const roles = { migrations: join(example, 'migrations'), database: database.appUrl, ownerDatabase: database.ownerUrl, log: QUIET }
  const single = await createTenancy({ mode: 'single', tenantId: 'acme', ...roles })
  await seedTenant(single, 'acme')
  await single.close()
  const multi = await createTenancy({ mode: 'multi', ...roles })
  await seedTenant(multi, 'globex')
  await multi.close()
  return { ...database, env: { TENANT_MODE: 'single', TENANT_ID: 'acme', DATABASE_URL: database.appUrl, OWNER_DATABASE_URL: database.ownerUrl } }
}

interface Verified {
  readonly code: number
  /** The names of the findings. */
  readonly found: readonly string[]
  readonly proofs: ReadonlyArray<{ readonly promise: string, readonly check: string, readonly state: string, readonly detail: string }>
  readonly text: string
}

const scene = await exampleScene()

async function verify (argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}, cwd = example): Promise<Verified> {
  const ran = await runMain(['verify', ...argv, '--json'], { cwd, env: { ...scene.env, ...env } })
  const document = Object(ran.json)
  return { code: ran.code, text: ran.out, found: [...new Set<string>((document.findings ?? []).map((finding: { readonly check: string }) => finding.check))].sort(), proofs: document.proofs ?? [] }
}

/** Breaks the database while `fn` runs. */
async function broken<T> (breaks: string, repairs: string, fn: () => Promise<T>): Promise<T> {
  await scene.admin.unsafe(breaks)
  try {
    return await fn()
  } finally {
    await scene.admin.unsafe(repairs)
  }
}

/** Every row of the example, to show that nothing stays behind. */
async function everything (): Promise<string> {
  const tables = await scene.admin`select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and (n.nspname like 'tenant%' or n.nspname = 'zakops_tenancy') and c.relname <> 'registry_version' order by 1`
  const dumps = await Promise.all(tables.map(async ({ name }) => [name, [...await scene.admin.unsafe(`select t.*, t.xmin, t.ctid from ${String(name)} t order by 1::text`)]]))
  return JSON.stringify(dumps)
}

const appRole = new URL(scene.appUrl).username

t.test('verify in single mode', async (t) => {
  t.test('passes on the example, with every promise tried, and leaves no trace', async (t) => {
    const before = await everything()
    const { code, found, proofs } = await verify()
    t.same([code, found], [0, []])
    t.same(proofs.filter(({ state }) => state !== 'ok'), [])
    t.same(new Set(proofs.map(({ promise }) => promise)), new Set(['connections', 'code', 'configuration']))
    t.match(proofs.find(({ check }) => check === 'rows of acme')?.detail, /in 5 of 5 tables/)
    t.match(proofs.find(({ check }) => check === 'reuse of acme')?.detail, /used by 2 tenants/)
    t.match(proofs.find(({ check }) => check === 'scan')?.detail, /^\d+ files in \. name no/)
    t.equal(await everything(), before)
  })

  t.test('prints it for people, without a secret', async (t) => {
    const { code, out } = await runMain(['verify'], { cwd: example, env: scene.env })
    t.equal(code, 0)
    t.match(out, /nothing was found[^]*ok {2}configuration, mark[^]*ok {2}connections, settings of acme: 6 kinds of statements/)
    t.notMatch(out, new URL(scene.appUrl).password)
  })

  const connections = ['--only', 'connections'] as const

  t.test('fails on the first promise when a policy is gone', async (t) => {
    const repair = policyStatements('tenant_acme.deals', 'text').join(';')
    const { code, found, text } = await broken('drop policy tenancy_isolation on tenant_acme.deals', repair, async () => await verify(connections))
    t.same([code, found], [1, ['rows-readable', 'rows-writable', 'table-policy-missing']])
    t.match(text, /tenant_acme\\"\.\\"deals/)
    t.notMatch(text, /agent_runs/)
  })

  t.test('fails on the first promise when a table has lost the force of its policies', async (t) => {
    const { code, found } = await broken('alter table tenant_acme.deals no force row level security', 'alter table tenant_acme.deals force row level security', async () => await verify(connections))
    t.same([code, found], [1, ['table-policy-missing']])
  })

  t.test('fails on the first promise when the role sees past policies', async (t) => {
    const { code, found } = await broken(`alter role ${appRole} bypassrls`, `alter role ${appRole} nobypassrls`, async () => await verify(connections))
    t.equal(code, 1)
    t.match(found, ['role-bypassrls', 'rows-readable', 'rows-writable'])
  })

  t.test('fails on the first promise when a table is in nobody\'s schema', async (t) => {
    const makes = `create table public.deals (tenant_id text, id text); grant select on public.deals to ${appRole}; grant usage on schema public to ${appRole}`
    t.match(await broken(makes, 'drop table public.deals', async () => await verify(connections)), { code: 1, found: ['table-elsewhere', 'table-outside'] })
    t.match(await verify(connections), { code: 0, found: [] }, 'and passes when it is gone')
  })

  t.test('lets names find what is in the extensions schema', async (t) => {
    const makes = `create table extensions.plans (id text); create view tenant_acme.plans as select 1 as one; grant select on tenant_acme.plans to ${appRole}`
    t.match(await broken(makes, 'drop table extensions.plans; drop view tenant_acme.plans', async () => await verify(connections)), { code: 0 }, 'the extensions schema is meant to be found')
  })

  t.test('fails on the first promise when connections begin as a tenant', async (t) => {
    const { code, found } = await broken(`alter role ${appRole} set app.tenant_id = 'acme'`, `alter role ${appRole} reset app.tenant_id`, async () => await verify(connections))
    t.equal(code, 1)
    t.ok(found.includes('first-use'))
  })

  t.test('fails on the first promise when code beside the tenant client would find tables', async (t) => {
    const database = new URL(scene.appUrl).pathname.slice(1)
    const begins = async (path: string) => await broken(`alter role ${appRole} in database ${database} set search_path = ${path}`, `alter role ${appRole} in database ${database} set search_path = ''`, async () => await verify([...connections, '--fail-on', 'fatal']))
    const live = await begins('tenant_globex, public')
    t.match(live, { code: 1, found: ['first-use'], text: new RegExp(`alter role ${appRole} in database ${database} set search_path = ''`) })
    t.match(await begins('public'), { code: 0, found: ['first-use'] }, 'where there is nothing it is a warning')
    for (const whose of [`role ${appRole}`, `database ${database}`]) {
      const held = await broken(`alter ${whose} set search_path = tenant_globex`, `alter ${whose} reset search_path`, async () => await verify(connections))
      t.match(held, { code: 1, found: ['setting-search-path-held'], text: new RegExp(`alter ${whose} reset search_path`) }, 'also where only a setting of the set-up holds it back')
    }
    t.match(await broken(`alter database ${database} set search_path = "$user", public`, `alter database ${database} reset search_path`, async () => await verify(connections)), { code: 0, found: [] }, 'but not what is meant for others')
  })

  t.test('fails on the first promise when nothing is enforced', async (t) => {
    t.match(await verify(connections, { ENFORCE_TENANT_ISOLATION: 'false' }), { code: 1, found: ['enforcement'] })
  })

  t.test('fails on the second promise with the file and the line', async (t) => {
    const cwd = t.testdir({ src: { 'deals.ts': 'export const deals = (sql) => sql`\n  select * from tenant_globex.deals`\n' } })
    const { code, found, text } = await verify(['--only', 'code'], {}, cwd)
    t.same([code, found], [1, ['schema-name']])
    t.match(text, /"at":\{"file":"src\/deals\.ts","line":2\}/)
    t.match(await verify(['--only', 'code', join(example, 'deals.ts')], {}, cwd), { code: 0, found: [] })
    t.match(await verify(['--only', 'code', 'nowhere'], {}, cwd), { code: 1, found: ['scan'] }, 'what is not there is not clean')
  })

  t.test('shows and makes repairs that are safe', async (t) => {
    const source = "const one = sql`select * from zakops.deals d where d.id = '1'`\nconst two = sql`select * from zakops.reports`\n"
    const cwd = t.testdir({ src: { 'deals.js': source } })
    const shown = await verify(['--only', 'code', '--fix', '--dry-run'], {}, cwd)
    t.match(shown.text, /-const one = sql`select \* from zakops\.deals[^]*\+const one = sql`select \* from deals d/)
    t.equal(readFileSync(join(cwd, 'src/deals.js'), 'utf8'), source)
    const { code, found } = await verify(['--only', 'code', '--fix'], {}, cwd)
    t.same([code, found], [1, ['schema-name']], 'acme has no table "reports"')
    t.equal(readFileSync(join(cwd, 'src/deals.js'), 'utf8'), source.replace('zakops.deals', 'deals'))
  })

  t.test('fails on the third promise with another TENANT_ID, which does not start either', async (t) => {
    t.match(await verify(['--only', 'configuration'], { TENANT_ID: 'globex' }), { code: 1, found: ['instance-mismatch'] })
    const options = { mode: 'single', tenantId: 'globex', database: scene.appUrl, log: QUIET } as const
    await t.rejects(createTenancy(options), { code: 'FST_TENANCY_INSTANCE_MISMATCH', message: /zakops-tenancy claim/ })
    const observing = await createTenancy({ ...options, enforce: false })
    t.teardown(() => observing.close())
    t.match(await observing.stats(), { observed: 1 })
  })

  t.test('lets an operator give the database to another TENANT_ID', async (t) => {
    const { run } = { run: async (argv: readonly string[]) => await runMain(argv, { cwd: example, env: scene.env }) }
    t.match(await run(['claim', 'globex']), { code: 1, err: /--yes/ })
    t.match(await run(['claim', 'nobody', '--yes']), { code: 1, err: /FST_TENANCY_TENANT_UNKNOWN/ })
    t.match(await run(['claim', 'globex', '--yes', '--actor', 'ops']), { code: 0 })
    t.match(await verify(['--only', 'configuration'], { TENANT_ID: 'globex' }), { code: 0, found: [] })
    await t.rejects(createTenancy({ mode: 'single', tenantId: 'acme', database: scene.appUrl, log: QUIET }), { code: 'FST_TENANCY_INSTANCE_MISMATCH' })
    t.match(await run(['claim', 'acme', '--yes']), { code: 0 })
    t.same([...await scene.admin`select tenant, actor from zakops_tenancy.audit_log where action = 'claim' order by id`], [{ tenant: 'globex', actor: 'ops' }, { tenant: 'acme', actor: null }])
  })

  t.test('fails on the third promise with a TENANT_ID that was left at its default', async (t) => {
    t.match(await verify(['--only', 'configuration'], { TENANT_ID: '' }), { code: 1, found: ['instance-mismatch', 'tenant-id-default'] })
  })

  t.test('fails on the third promise when the owner is the application', async (t) => {
    t.match(await verify(['--only', 'configuration'], { OWNER_DATABASE_URL: scene.appUrl }), { code: 1, found: ['same-role', 'tenant'] })
  })

  t.test('fails on the third promise when file and environment disagree', async (t) => {
    const cwd = t.testdir({})
    writeFileSync(join(cwd, 'zakops-tenancy.config.json'), JSON.stringify({ tenantId: 'acme', mode: 'single', enforce: true }))
    t.match(await verify(['--only', 'configuration'], { ENFORCE_TENANT_ISOLATION: 'true' }, cwd), { code: 0 })
    t.match(await verify(['--only', 'configuration'], { TENANT_ID: 'globex' }, cwd), { code: 1, found: ['sources-disagree'] })
  })
})

t.test('verify in multi mode', async (t) => {
  const multi = { TENANT_MODE: 'multi' }

  t.test('tries every tenant against another, and against one that nobody has', async (t) => {
    const { code, found, proofs } = await verify([], multi)
    t.same([code, found], [0, []])
    t.match(proofs.find(({ check }) => check === 'rows of globex')?.detail, /2 others neither read nor change rows of globex in 5 of 5/)
    t.same(proofs.filter(({ state }) => state === 'skipped').map(({ check }) => check), ['mark', 'tenant'])
  })

  t.test('tries those that are named, also without the owner', async (t) => {
    const { code, proofs } = await verify(['--only', 'connections', '--tenant', 'globex'], { ...multi, OWNER_DATABASE_URL: '' })
    t.equal(code, 0)
    t.same(proofs.filter(({ check }) => / of /.test(check)).map(({ check }) => check), ['settings of globex', 'names of globex', 'rows of globex', 'reuse of globex'])
  })

  t.test('tells what keeps the plugin from starting', async (t) => {
    const { code, found } = await verify(['--only', 'connections'], { ...multi, DATABASE_URL: scene.adminUrl })
    t.equal(code, 1)
    t.match(found, ['first-use', 'role-superuser', 'start'])
  })
})

t.test('verify where tenant ids are signed', async (t) => {
  const signed = await commandScene(t, { 'docs.mjs': SCRIPT })
  const does = async (keys: string, ...argv: readonly string[]): Promise<Ran> => await signed.run(argv, { env: { TENANT_SIGNING: keys } })
  const keys = `k1:${SECRET}`
  for (const id of ['acme', 'globex']) {
    await does('', 'create', id)
    await does('', 'run', 'docs.mjs', '--tenant', id, '--', 'write')
  }
  for (const argv of [['signing', 'add'], ['migrate'], ['signing', 'require']]) t.match(await does(keys, ...argv), { code: 0 }, argv.join(' '))

  t.test('passes in both modes', async (t) => {
    t.match(await does(keys, 'verify'), { code: 0, out: /2 others neither read nor change rows of globex in 1 of 1 tables/ })
    const single = { TENANT_MODE: 'single', TENANT_ID: 'acme', TENANT_SIGNING: keys }
    t.match(await signed.run(['verify'], { env: single }), { code: 1, out: /instance-unmarked/ }, 'nobody has started yet, and verify leaves no mark')
    t.match(await does(keys, 'claim', 'acme', '--yes'), { code: 0 })
    t.match(await signed.run(['verify'], { env: single }), { code: 0, out: /acme is active, beside 1 others[^]*1 others neither read/ })
  })

  t.test('fails without the key', async (t) => {
    t.match(await does('', 'verify', '--only', 'connections'), { code: 1, out: /start/ })
  })
})

t.test('the mark of an instance', async (t) => {
  t.test('is left by the first one that starts, if the registry has its tenant', async (t) => {
    const database = await testDatabase(t)
    const roles = { database: database.appUrl, ownerDatabase: database.ownerUrl, log: QUIET }
    const marks = async () => [...await database.admin`select tenant from zakops_tenancy.instance`]
    const multi = await createTenancy({ mode: 'multi', ...roles })
    for (const id of ['acme', 'globex']) await multi.provision({ id })
    await multi.close()
    t.same(await marks(), [], 'multi mode has none')
    const start = async (tenantId: string): Promise<void> => await (await createTenancy({ mode: 'single', tenantId, ...roles })).close()
    await start('nobody')
    t.same(await marks(), [], 'a wrong TENANT_ID keeps nobody out')
    const results = await Promise.allSettled(['acme', 'globex', 'acme', 'globex'].map(start))
    t.equal(results.filter(({ status }) => status === 'rejected').length, 2, 'one of two that start at once wins')
    t.equal((await marks()).length, 1)
  })

  t.test('cannot be changed by the application\'s role', async (t) => {
    const { appUrl } = scene
    const sql = postgres(appUrl, { max: 1, onnotice: () => {} })
    t.teardown(() => sql.end())
    for (const change of ["update zakops_tenancy.instance set tenant = 'globex'", 'delete from zakops_tenancy.instance', 'truncate zakops_tenancy.instance']) {
      await t.rejects(sql.unsafe(change), { code: '42501' })
    }
    await t.rejects(sql.unsafe("insert into zakops_tenancy.instance (tenant) values ('globex')"), { code: '23505' })
  })

  t.test('is missed, and warned about, where an older version set the database up', async (t) => {
    const database = await testDatabase(t)
    await database.admin`drop table zakops_tenancy.instance`
    const warnings: string[] = []
    const tenancy = await createTenancy({ database: database.appUrl, log: { ...QUIET, warn: (_details: object, message: string) => { warnings.push(message) } } })
    t.teardown(() => tenancy.close())
    t.match(warnings.join(), /run setUpDatabase\(\)/)
  })
})

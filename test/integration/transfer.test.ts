import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { switchTenant } from '../../lib/operations/lifecycle/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { cloneTenant, exportTenant, importTenant } from '../../lib/operations/transfer/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { movingScene } from '../support/moving.ts'

const ISOLATIONS = ['schema+rls', 'schema', 'rls', 'database'] as const

/** A folder of its own: tap's would empty that of the migrations. */
function scratch (t: { teardown (fn: () => unknown): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'zakops-transfer-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

t.test('an export becomes a tenant again, in another deployment, under another id and strategy', async (t) => {
  const scene = await movingScene(t)
  const elsewhere = await movingScene(t)
  await elsewhere.seed('globex', { isolation: 'rls' })
  const globex = await elsewhere.books('globex')
  const folder = scratch(t)
  for (const [at, from] of ISOLATIONS.entries()) {
    await t.test(from, async (t) => {
      const to = ISOLATIONS[(at + 2) % ISOLATIONS.length] ?? 'rls'
      const id = `a${at}`
      const tenant = await scene.seed(id, { isolation: from }, 3_000)
      const file = join(folder, `${id}.gz`)
      const { tables } = await exportTenant(scene.config, tenant, file)
      t.match(tables.find(({ table }) => table === 'entries'), { rows: 3_000 })
      const made = await importTenant(elsewhere.config, { from: file, id: `b${at}`, isolation: to, server: 'other' })
      t.match(made, { id: `b${at}`, name: id, isolation: to, server: 'other', status: 'active' })
      t.same(await elsewhere.books(`b${at}`), await scene.books(id))
      t.same(await elsewhere.books('globex'), globex)
      t.ok((await elsewhere.asTenant(`b${at}`, async (tx) => [...await tx`insert into accounts (slug) values ('new') returning tenant_id`])).every((row) => row['tenant_id'] === `b${at}`))
      await t.rejects(importTenant(elsewhere.config, { from: file, id: `b${at}` }), { code: 'FST_TENANCY_TRANSFER_NOT_EMPTY', message: /"(aaa_children|accounts|entries|marks)".*replace/ })
      await t.rejects(importTenant(elsewhere.config, { from: file, id: `b${at}`, isolation: from }), { code: 'FST_TENANCY_TENANT_EXISTS' })
      await t.rejects(importTenant(elsewhere.config, { from: file, id: `b${at}`, server: 'default' }), { code: 'FST_TENANCY_TENANT_EXISTS' })
    })
  }
})

t.test('an export that cannot be written ends at once, and leaves nothing', async (t) => {
  const scene = await movingScene(t)
  const folder = scratch(t)
  const tenant = await scene.seed('acme', { isolation: 'schema+rls' }, 20_000)
  const file = join(folder, 'acme.gz')
  writeFileSync(file, 'precious')
  for (const [path, why] of [[file, /EEXIST/], [join(folder, 'no', 'acme.gz'), /ENOENT/]] as const) {
    await t.rejects(exportTenant(scene.config, tenant, path), { code: 'FST_TENANCY_TRANSFER_FILE_UNUSABLE', message: why })
  }
  t.equal(readFileSync(file, 'utf8'), 'precious')
  for (const end of [1, 5_000, 100_000]) {
    let written = 0
    const full = new Writable({
      write (bytes: Buffer, _encoding, done) {
        written += bytes.length
        done(written > end ? new Error('the disk is full') : null)
      }
    })
    await t.rejects(exportTenant(scene.config, tenant, full), { message: 'the disk is full' })
  }
  const [left] = await scene.admin`select count(*)::int as sessions from pg_stat_activity where application_name = 'zakops-tenancy owner' and datname = current_database()`
  t.match(left, { sessions: 0 })
})

t.test('a file that was cut off or altered leaves no tenant', async (t) => {
  const scene = await movingScene(t)
  const folder = scratch(t)
  const file = join(folder, 'acme.gz')
  await exportTenant(scene.config, await scene.seed('acme', { isolation: 'schema+rls' }, 500), file)
  const whole = readFileSync(file)
  const text = gunzipSync(whole)
  const altered = Buffer.from(text.toString('latin1').replace('of acme', 'of ACME'), 'latin1')
  const lines = text.toString('latin1').split('\n')
  const damaged = {
    cut: whole.subarray(0, whole.length - 40),
    halved: whole.subarray(0, whole.length / 2),
    'without its trailer': gzipSync(Buffer.from(lines.slice(0, -2).join('\n') + '\n', 'latin1')),
    'with another value': gzipSync(altered),
    'with a row less': gzipSync(Buffer.from([...lines.slice(0, 20), ...lines.slice(21)].join('\n'), 'latin1')),
    empty: gzipSync(''),
    'no gzip': Buffer.from('hello')
  }
  for (const isolation of ['rls', 'schema+rls', 'database'] as const) {
    for (const [what, bytes] of Object.entries(damaged)) {
      await t.rejects(importTenant(scene.config, { from: Readable.from([bytes]), id: 'copy', isolation, server: 'default' }), { code: 'FST_TENANCY_TRANSFER_EXPORT_UNUSABLE' }, `${what}, ${isolation}`)
      t.equal((await scene.admin`select from zakops_tenancy.tenants where id = 'copy'`).count, 0)
      t.equal((await scene.admin`select from shared.entries where tenant_id = 'copy'`).count, 0)
      t.equal((await scene.admin`select from pg_namespace where nspname = 'tenant_copy'`).count, 0)
    }
    writeFileSync(join(folder, 'good.gz'), whole)
    t.match(await importTenant(scene.config, { from: join(folder, 'good.gz'), id: `good-${isolation.replace('+', '-')}`, isolation, server: 'default' }), { status: 'active' }, 'the whole file is taken')
  }
})

t.test('a clone has every row of its model, and goes its own way', async (t) => {
  const scene = await movingScene(t)
  for (const isolation of ISOLATIONS) {
    const id = `m-${isolation.replace('+', '-')}`
    const model = await scene.seed(id, { isolation })
    const books = await scene.books(id)
    for (const to of ISOLATIONS) {
      const clone = `c${id}-to-${to.replace('+', '-')}`
      t.match(await cloneTenant(scene.config, model, { id: clone, isolation: to, server: 'other' }), { id: clone, isolation: to, status: 'active' })
      t.same(await scene.books(clone), books)
      await scene.asTenant(clone, (tx) => tx`delete from entries`)
      t.same(await scene.books(id), books)
    }
    await t.rejects(cloneTenant(scene.config, model, { id }), { code: 'FST_TENANCY_TRANSFER_NOT_EMPTY' })
  }
})

t.test('a tenant that is there and empty is filled as it is, or stays as it was', async (t) => {
  const scene = await movingScene(t)
  const { config } = scene
  const file = join(scratch(t), 'acme.gz')
  const model = await scene.seed('acme', { isolation: 'schema+rls' })
  await exportTenant(config, model, file)
  const books = await scene.books('acme')
  await scene.seed('globex', { isolation: 'rls' })
  const globex = await scene.books('globex')
  const cut = readFileSync(file).subarray(0, -40)
  for (const isolation of ISOLATIONS) {
    const suffix = isolation.replace('+', '-')
    const [importing, cloning, busy] = [`i-${suffix}`, `c-${suffix}`, `b-${suffix}`] as const
    for (const id of [importing, cloning, busy]) await provision(config, { id, name: 'Kept', isolation, server: 'default' })
    const nothing = await scene.books(importing)

    await t.rejects(importTenant(config, { from: Readable.from([cut]), id: importing }), { code: 'FST_TENANCY_TRANSFER_EXPORT_UNUSABLE' })
    t.same(await scene.books(importing), nothing, 'a failure leaves it empty')
    t.match(await scene.tenant(importing), { name: 'Kept', status: 'active' }, 'and served')
    await switchTenant(config, parseTenantId(importing), 'suspend', {})
    t.match(await importTenant(config, { from: file, id: importing, server: 'default' }), { id: importing, name: 'Kept', isolation, server: 'default', status: 'suspended' })
    t.same(await scene.books(importing), books, 'it has the rows, its name, its place and its status')
    t.match(await cloneTenant(config, model, { id: cloning, name: 'Clone' }), { id: cloning, name: 'Clone', isolation, server: 'default', status: 'active' })
    t.same(await scene.books(cloning), books)

    await scene.asTenant(busy, (tx) => tx`insert into marks (said) values ('one row')`)
    const one = await scene.books(busy)
    const refused = { code: 'FST_TENANCY_TRANSFER_NOT_EMPTY', message: /"marks"/ }
    await t.rejects(importTenant(config, { from: file, id: busy }), refused)
    await t.rejects(cloneTenant(config, model, { id: busy }), refused)
    t.same(await scene.books(busy), one, 'one row in any table is left alone')
  }
  t.same(await scene.books('globex'), globex)
  t.same([...await scene.admin`select action, count(*)::int as n from zakops_tenancy.audit_log where action like '%.fill' group by 1 order by 1`], [{ action: 'clone.fill', n: 4 }, { action: 'import.fill', n: 4 }])
})

t.test('what a tenant writes while it is filled is never lost', async (t) => {
  const scene = await movingScene(t)
  const { config } = scene
  const model = await scene.seed('acme', { isolation: 'schema+rls' })
  for (const isolation of ['schema+rls', 'rls'] as const) {
    const id = `b-${isolation.replace('+', '-')}`
    await provision(config, { id, isolation, server: 'default' })
    // The clone stops at this lock, when it has seen that the tenant is empty: so the row comes behind that look.
    const blocked = await scene.admin.reserve()
    await blocked`begin`
    await blocked.unsafe(`insert into ${isolation === 'rls' ? 'shared' : `"tenant_${id}"`}.accounts (tenant_id, slug) values ('${id}', 'cash')`)
    const cloning = cloneTenant(config, model, { id })
    cloning.catch(() => {})
    const waits = async (): Promise<boolean> => (await scene.admin`select from pg_locks where not granted`).count > 0
    for (let tries = 0; tries < 200 && !await waits(); tries++) await new Promise((resolve) => { setTimeout(resolve, 25) })
    await blocked`commit`
    blocked.release()
    await t.rejects(cloning, isolation)
    t.same(await scene.asTenant(id, async (tx) => [...await tx`select slug from accounts`]), [{ slug: 'cash' }], isolation)
  }
})

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { archiveTenant, deleteTenant, replaceTenant, restoreTenant } from '../../lib/operations/lifecycle/index.ts'
import { confirmTenantMove, moveTenant } from '../../lib/operations/moves/index.ts'
import { cloneTenant, exportTenant, importTenant } from '../../lib/operations/transfer/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { movingScene } from '../support/moving.ts'

const acme = parseTenantId('acme')

/** A folder of its own: tap's would empty that of the migrations. */
function scratch (t: { teardown (fn: () => unknown): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'zakops-replace-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

for (const isolation of ['rls', 'schema+rls'] as const) {
  t.test(`an archived tenant (${isolation}) gets the rows of an export back, or keeps what it has`, async (t) => {
    const scene = await movingScene(t)
    const { config } = scene
    await scene.seed('globex', { isolation })
    const globex = await scene.books('globex')
    const file = join(scratch(t), 'acme.gz')
    await exportTenant(config, await scene.seed('acme', { isolation }), file)
    const exported = await scene.books('acme')
    await t.rejects(replaceTenant(config, { from: file }), { code: 'FST_TENANCY_TENANT_EXISTS' }, 'not while it is served')
    await scene.asTenant('acme', async (tx) => {
      await tx`delete from entries where amount > 5`
      await tx`insert into accounts (slug) values ('later')`
    })
    const later = await scene.books('acme')
    await archiveTenant(config, acme, {})
    const text = gunzipSync(readFileSync(file)).toString('latin1')
    const renamed = gzipSync(Buffer.from(text.replace('"name":"acme"', '"name":"Acme"'), 'latin1'))
    for (const [what, bytes] of [['cut off', readFileSync(file).subarray(0, 900)], ['with another header', renamed]] as const) {
      await t.rejects(replaceTenant(config, { from: Readable.from([bytes]) }), { code: 'FST_TENANCY_TRANSFER_EXPORT_UNUSABLE' }, what)
    }
    await t.rejects(replaceTenant(config, { from: file, id: 'nobody' }), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
    await t.rejects(replaceTenant(config, { from: file, isolation }), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    await restoreTenant(config, acme, {})
    t.same(await scene.books('acme'), later, 'what failed left what was there')
    await archiveTenant(config, acme, {})
    t.match(await replaceTenant(config, { from: file }), { id: 'acme', status: 'archived' })
    await restoreTenant(config, acme, {})
    t.same(await scene.books('acme'), exported)
    t.same(await scene.books('globex'), globex)
  })
}

t.test('a schema that somebody else made has an import and a clone fail, is left alone, and no tenant is half there', async (t) => {
  const scene = await movingScene(t)
  const { config, admin } = scene
  const file = join(scratch(t), 'acme.gz')
  const model = await scene.seed('acme', { isolation: 'schema+rls' })
  await exportTenant(config, model, file)
  await admin.unsafe(`create schema tenant_copy authorization ${scene.ownerRole}; create table tenant_copy.precious as select 1 as one`)
  const request = { id: 'copy', isolation: 'schema+rls', server: 'default' } as const
  await t.rejects(importTenant(config, { from: file, ...request }))
  await t.rejects(cloneTenant(config, model, request))
  t.equal((await admin`select from zakops_tenancy.tenants where id = 'copy'`).count, 0)
  t.same([...await admin.unsafe('select * from tenant_copy.precious')], [{ one: 1 }])
  await admin.unsafe('drop schema tenant_copy cascade')
  t.match(await cloneTenant(config, model, request), { status: 'active' }, 'and the id can be used when the way is free')
})

t.test('a deletion with an export writes it first, and deletes nothing if it cannot be written', async (t) => {
  const scene = await movingScene(t)
  const { config, admin } = scene
  const folder = scratch(t)
  const file = join(folder, 'acme.gz')
  await scene.seed('acme', { isolation: 'rls' })
  const books = await scene.books('acme')
  const rows = async (): Promise<number> => (await admin`select from shared.entries where tenant_id = 'acme'`).count
  writeFileSync(file, 'of somebody else')
  await t.rejects(deleteTenant(config, acme, { force: true, exportTo: file }), { code: 'FST_TENANCY_TRANSFER_FILE_UNUSABLE', message: /EEXIST/ })
  await t.rejects(deleteTenant(config, acme, { force: true, exportTo: join(folder, 'nowhere', 'acme.gz') }), { code: 'FST_TENANCY_TRANSFER_FILE_UNUSABLE', message: /ENOENT/ })
  await t.rejects(deleteTenant(config, acme, { force: true, exportTo: '' }), { code: 'FST_TENANCY_OPTIONS_INVALID' })
  t.equal(await rows(), 20)
  t.equal(readFileSync(file, 'utf8'), 'of somebody else')
  rmSync(file)
  t.match(await deleteTenant(config, acme, { graceMs: 60_000, exportTo: file }), { status: 'pending' })
  t.notOk(existsSync(file), 'the call that deletes writes it')
  t.match(await deleteTenant(config, acme, { force: true, exportTo: file }), { status: 'deleted' })
  t.equal(await rows(), 0)
  await importTenant(config, { from: file, id: 'again' })
  t.same(await scene.books('again'), books)
})

t.test('an export that fails in the middle leaves no file', async (t) => {
  const scene = await movingScene(t)
  const file = join(scratch(t), 'acme.gz')
  const tenant = await scene.seed('acme', { isolation: 'schema+rls' }, 60_000)
  const over = new AbortController()
  const work = exportTenant(scene.config, tenant, file).finally(() => over.abort())
  work.catch(() => {})
  // Only while a COPY is under way is there anything to cancel, and it may be over when the server is told.
  while (!over.signal.aborted) {
    if (existsSync(file)) await scene.admin`select pg_cancel_backend(pid) from pg_stat_activity where usename = ${scene.ownerRole} and state = 'active' and query like 'copy%'`
    await new Promise((resolve) => { setTimeout(resolve, 5) })
  }
  await t.rejects(work)
  t.notOk(existsSync(file))
})

t.test('a tenant whose move is not finished is not deleted: what it left would outlive it', async (t) => {
  const scene = await movingScene(t)
  await scene.seed('acme', { isolation: 'schema+rls' })
  await moveTenant(scene.config, acme, { to: { isolation: 'rls', server: 'other' } })
  await t.rejects(deleteTenant(scene.config, acme, { force: true }), { code: 'FST_TENANCY_MOVE_UNFINISHED' })
  t.match(await scene.tenant('acme'), { status: 'active' }, 'and goes on being served')
  await confirmTenantMove(scene.config, acme)
  t.match(await deleteTenant(scene.config, acme, { force: true }), { status: 'deleted' })
  t.equal((await scene.other.admin`select from shared.entries`).count, 0)
})

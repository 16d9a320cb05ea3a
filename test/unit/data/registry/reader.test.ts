import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRegistryReader } from '../../../../lib/data/registry/index.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'

const acme = parseTenantId('acme')
const globex = parseTenantId('globex')

const rowOf = (id: string, status = 'active') =>
  ({ id, name: id, status, strategy: 'schema', schema: `tenant_${id}`, created: '0' })

/** A reader whose answers are given by hand, in the order in which they were asked for. */
function handFed (cacheMs = 60_000) {
  const asked: { readonly id: string, readonly answer: (rows: readonly unknown[]) => void, readonly fail: (error: Error) => void }[] = []
  const reader = createRegistryReader({
    cacheMs,
    sharedSchema: 'shared',
    readRow: (id) => new Promise((resolve, reject) => asked.push({ id, answer: resolve, fail: reject }))
  })
  return { reader, asked }
}

t.test('createRegistryReader()', async (t) => {
  t.test('asks once for callers who come together, and for those who come soon after', async (t) => {
    const { reader, asked } = handFed()
    const finding = Promise.all([reader.find(acme), reader.find(acme), reader.find(globex)])
    t.same(asked.map(({ id }) => id), ['acme', 'globex'])
    asked[0]?.answer([rowOf('acme')])
    asked[1]?.answer([rowOf('globex')])
    t.match(await finding, [{ id: 'acme' }, { id: 'acme' }, { id: 'globex' }])
    t.match(await reader.find(acme), { schema: 'tenant_acme' })
    t.equal(asked.length, 2)
    t.equal(reader.size, 2)
  })

  t.test('keeps "there is none" too', async (t) => {
    const { reader, asked } = handFed()
    const finding = reader.find(acme)
    asked[0]?.answer([])
    await t.rejects(finding, { code: 'FST_TENANCY_TENANT_UNKNOWN' })
    await t.rejects(reader.find(acme), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
    t.equal(asked.length, 1)
  })

  t.test('asks again when an answer is too old', async (t) => {
    const { reader, asked } = handFed(20)
    const finding = reader.find(acme)
    asked[0]?.answer([rowOf('acme')])
    await finding
    await sleep(30)
    const again = reader.find(acme)
    asked[1]?.answer([rowOf('acme', 'suspended')])
    t.match(await again, { status: 'suspended' })
  })

  t.test('counts the age of an answer from the question', async (t) => {
    const { reader, asked } = handFed(20)
    const finding = reader.find(acme)
    await sleep(30)
    asked[0]?.answer([rowOf('acme')])
    await finding
    reader.find(acme).catch(() => {})
    t.equal(asked.length, 2)
  })

  t.test('lets no answer that is under way overwrite what was forgotten', async (t) => {
    const { reader, asked } = handFed()
    const before = reader.find(acme)
    reader.forget(acme)
    const after = reader.find(acme)
    t.equal(asked.length, 2)
    asked[1]?.answer([rowOf('acme', 'suspended')])
    t.match(await after, { status: 'suspended' })
    asked[0]?.answer([rowOf('acme')])
    t.match(await before, { status: 'active' })
    t.match(await reader.find(acme), { status: 'suspended' })
  })

  t.test('keeps no failure', async (t) => {
    const { reader, asked } = handFed()
    const failing = reader.find(acme)
    asked[0]?.fail(new Error('connection lost'))
    await t.rejects(failing, { code: 'FST_TENANCY_REGISTRY_UNAVAILABLE', cause: { message: 'connection lost' } })
    const finding = reader.find(acme)
    asked[1]?.answer([rowOf('acme')])
    t.match(await finding, { id: 'acme' })
  })

  t.test('does not believe an answer about somebody else', async (t) => {
    for (const rows of [[rowOf('globex')], [rowOf('acme'), rowOf('acme')], [{ ...rowOf('acme'), schema: 'tenant_globex' }], ['acme']]) {
      const { reader, asked } = handFed()
      const finding = reader.find(acme)
      asked[0]?.answer(rows)
      await t.rejects(finding, { code: 'FST_TENANCY_REGISTRY_UNAVAILABLE' })
      t.equal(reader.size, 0)
    }
  })

  t.test('keeps at most 10,000 answers', async (t) => {
    const reader = createRegistryReader({ cacheMs: 60_000, sharedSchema: 'shared', readRow: async () => [] })
    for (let i = 0; i < 10_050; i++) await reader.find(parseTenantId(`t${i}`)).catch(() => {})
    t.equal(reader.size, 10_000)
  })
})

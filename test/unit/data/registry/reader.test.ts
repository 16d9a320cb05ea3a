import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRegistryReader } from '../../../../lib/data/registry/index.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'

const acme = parseTenantId('acme')
const globex = parseTenantId('globex')

const rowOf = (id: string, status = 'active') =>
  ({ id, name: id, status, strategy: 'schema', schema: `tenant_${id}`, server: 'default', database: null, migration: '', moving: 'false', created: '0' })

/** A reader whose answers are given by hand, in the order in which they were asked for. */
function handFed (cacheMs = 60_000, readVersion: () => Promise<readonly unknown[]> = async () => []) {
  const asked: { readonly id: string, readonly answer: (rows: readonly unknown[]) => void, readonly fail: (error: Error) => void }[] = []
  const reader = createRegistryReader({
    cacheMs,
    naming: { sharedSchema: 'shared', databasePrefix: 'tenant_' },
    readVersion,
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
    t.equal(reader.peek(acme), undefined)
    const again = reader.find(acme)
    await sleep(1)
    asked[1]?.answer([rowOf('acme', 'suspended')])
    t.match(await again, { status: 'suspended' })
  })

  t.test('counts the age of an answer from the question', async (t) => {
    const { reader, asked } = handFed(20)
    const finding = reader.find(acme)
    await sleep(30)
    asked[0]?.answer([rowOf('acme')])
    await finding
    t.equal(reader.peek(acme), undefined)
    reader.find(acme).catch(() => {})
    await sleep(1)
    t.equal(asked.length, 2)
  })

  t.test('has an answer at hand for those who cannot wait, and never a refusal', async (t) => {
    const { reader, asked } = handFed()
    t.equal(reader.peek(acme), undefined)
    t.equal(asked.length, 0, 'and does not ask for them')
    const finding = [reader.find(acme), reader.find(globex)]
    asked[0]?.answer([rowOf('acme')])
    asked[1]?.answer([])
    await Promise.allSettled(finding)
    t.match(reader.peek(acme), { id: 'acme' })
    t.equal(reader.peek(globex), undefined)
    reader.forget(acme)
    t.equal(reader.peek(acme), undefined)
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
    const reader = createRegistryReader({ cacheMs: 60_000, naming: { sharedSchema: 'shared', databasePrefix: 'tenant_' }, readVersion: async () => [], readRow: async () => [] })
    for (let i = 0; i < 10_050; i++) await reader.find(parseTenantId(`t${i}`)).catch(() => {})
    t.equal(reader.size, 10_000)
  })
})

t.test('the version of the registry', async (t) => {
  const rowAt = (version: unknown, status = 'active') => ({ ...rowOf('acme', status), version })

  /** Finds acme, whose row says `inRow`; waits until that is too old; tells whether it is asked for again. */
  async function isAskedAgain (inRow: unknown, readVersion: () => Promise<readonly unknown[]>): Promise<boolean> {
    const { reader, asked } = handFed(40, readVersion)
    const finding = reader.find(acme)
    asked[0]?.answer([rowAt(inRow)])
    await finding
    await sleep(60)
    reader.find(acme).catch(() => {})
    await sleep(10)
    return asked.length === 2
  }

  t.test('vouches for an answer of the same snapshot, and for no other', async (t) => {
    t.equal(await isAskedAgain('v1', async () => [{ version: 'v1' }]), false)
    t.equal(await isAskedAgain('v1', async () => [{ version: 'v2' }]), true)
    t.equal(await isAskedAgain('v2', async () => [{ version: 'v1' }]), true)
  })

  t.test('vouches for nothing where there is none, or it cannot be read', async (t) => {
    for (const none of [undefined, null, 1]) t.equal(await isAskedAgain(none, async () => [{ version: none }]), true)
    t.equal(await isAskedAgain(undefined, async () => []), true)
    t.equal(await isAskedAgain('v1', async () => []), true)
    t.equal(await isAskedAgain('v1', async () => { throw new Error('connection lost') }), true)
  })

  t.test('is as old as the question for it', async (t) => {
    const { reader, asked } = handFed(20, () => sleep(60, [{ version: 'v1' }]))
    const finding = reader.find(acme)
    asked[0]?.answer([rowAt('v1')])
    await finding
    await sleep(30)
    reader.find(acme).catch(() => {})
    await sleep(50)
    t.equal(asked.length, 2, 'what took longer than an answer is believed tells nothing')
  })

  t.test('does not outlast its own time when the next read fails', async (t) => {
    let isDown = false
    const { reader, asked } = handFed(40, async () => {
      if (isDown) throw new Error('connection lost')
      return [{ version: 'v1' }]
    })
    const finding = reader.find(acme)
    asked[0]?.answer([rowAt('v1')])
    await finding
    await sleep(60)
    await reader.find(acme)
    t.equal(asked.length, 1, 'it vouches')
    isDown = true
    await sleep(50)
    reader.find(acme).catch(() => {})
    await sleep(5)
    t.equal(asked.length, 2, 'and no more')
  })

  t.test('is felt within the time that an answer is believed', async (t) => {
    let version = 'v1'
    const { reader, asked } = handFed(100, async () => [{ version }])
    const finding = reader.find(acme)
    asked[0]?.answer([rowAt('v1')])
    await finding
    for (let i = 0; i < 30; i++) {
      await sleep(10)
      t.match(await reader.find(acme), { status: 'active' })
    }
    t.equal(asked.length, 1, 'no change, no question')
    version = 'v2'
    const change = performance.now()
    while (asked.length === 1 && performance.now() - change < 1_000) {
      await sleep(5)
      reader.find(acme).catch(() => {})
    }
    t.ok(performance.now() - change < 130, 'the change is asked for')
    t.equal(asked.length, 2)
  })

  t.test('is read while there is traffic, and not once for each tenant', async (t) => {
    let reads = 0
    const { reader } = handFed(100, async () => {
      reads++
      return []
    })
    await sleep(50)
    t.equal(reads, 0)
    for (let i = 0; i < 40; i++) {
      reader.peek(parseTenantId(`t${i}`))
      await sleep(5)
    }
    t.ok(reads >= 3 && reads <= 6, `${reads} reads in 200 ms`)
  })
})

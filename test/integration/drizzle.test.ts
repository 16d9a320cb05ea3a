import { sql as text, eq } from 'drizzle-orm'
import { pgTable, text as textColumn, timestamp } from 'drizzle-orm/pg-core'
import t from 'tap'
import { createDeals, deals } from '../../examples/drizzle/deals.ts'
import { codeThrownBy, gates, ormScene } from '../support/orm.ts'

t.test('Drizzle on the tenant client', async (t) => {
  const scene = await ormScene(t)
  const { as } = scene
  const store = createDeals(scene.sql)
  const { db } = store
  const titles = async (): Promise<readonly string[]> => (await store.list()).map(({ title }) => title)

  t.test('reads the rows of the tenant that asks, and a plain client those of all', async (t) => {
    t.strictSame(await as('acme', titles), ['Anvils for the desert', 'Rocket skates', 'Giant magnets'])
    t.strictSame(await as('globex', titles), ['Weather machine', 'Hammocks for Cypress Creek', 'Moon base'])
    t.equal((await createDeals(scene.blind).list()).length, 6, 'so this test can fail')
    t.equal(await codeThrownBy(titles), 'FST_TENANCY_CONTEXT_MISSING')
  })

  t.test('writes rows of the tenant, also with the id of another one\'s', async (t) => {
    const before = await scene.deals()
    const created = await as('acme', () => store.create({ id: '4', title: 'Portable hole', amount: 7 }))
    t.match(created, { id: '4', title: 'Portable hole', stage: 'inbound', amount: 7 })
    t.ok(created?.createdAt instanceof Date)
    t.equal((await as('globex', () => store.create({ id: '4', title: 'Hank\'s moon' })))?.title, 'Hank\'s moon')
    t.equal(await codeThrownBy(() => as('acme', () => store.create({ id: '4', title: 'Twice' }))), '23505')
    await as('globex', () => db.update(deals).set({ stage: 'screening' }).where(eq(deals.id, '4')))
    t.strictSame(await scene.deals(), [...before, 'acme: 4 Portable hole inbound', 'globex: 4 Hank\'s moon screening'].sort())
    t.equal(await as('acme', () => store.remove('4')), true)
    t.equal(await as('acme', () => store.remove('4')), false, 'though the other tenant has one still')
    t.equal(await as('globex', () => store.remove('4')), true)
    t.strictSame(await scene.deals(), before)
  })

  t.test('commits a transaction, joins, and rolls back', async (t) => {
    await as('acme', () => store.decide('2', '1', 'approved'))
    const decided = [
      { title: 'Rocket skates', stage: 'inbound', decision: 'approved' }, { title: 'Anvils for the desert', stage: 'approved', decision: 'approved' }
    ]
    t.strictSame(await as('acme', store.listDecided), decided)
    await t.rejects(as('acme', () => store.decide('3', 'none', 'approved')), { name: 'Error', message: 'Rollback' })
    t.equal(await codeThrownBy(() => as('acme', () => store.decide('2', '3', 'rejected'))), '23505', 'the approval is there already')
    t.strictSame(await as('acme', store.listDecided), decided, 'and the deal has not changed')
    t.equal((await as('globex', store.listDecided)).length, 1)
  })

  t.test('rolls back a nested transaction alone', async (t) => {
    await as('globex', () => db.transaction(async (tx) => {
      await tx.update(deals).set({ title: 'outer' }).where(eq(deals.id, '1'))
      const failed = tx.transaction(async (inner) => {
        await inner.update(deals).set({ title: 'inner' })
        t.strictSame(await inner.select({ title: deals.title }).from(deals).where(eq(deals.id, '2')), [{ title: 'inner' }])
        inner.rollback()
      })
      await t.rejects(failed, { message: 'Rollback' })
      await tx.transaction(async (inner) => await inner.update(deals).set({ amount: 1 }).where(eq(deals.id, '1')))
    }))
    t.strictSame(await as('globex', titles), ['outer', 'Hammocks for Cypress Creek', 'Moon base'])
    t.strictSame(await as('acme', titles), ['Anvils for the desert', 'Rocket skates', 'Giant magnets'])
  })

  t.test('takes the options of a transaction', async (t) => {
    const options = { isolationLevel: 'serializable', accessMode: 'read only' } as const
    const [seen] = await as('acme', () => db.transaction(async (tx) =>
      await tx.execute(text`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as read_only`), options))
    t.match(seen, { level: 'serializable', read_only: 'on' })
    t.equal(await codeThrownBy(() => as('acme', () => db.transaction(async (tx) => await tx.delete(deals), options))), '25006')
  })

  t.test('has a handle that is dead after its transaction and in another tenant\'s hands', async (t) => {
    let kept: Pick<typeof db, 'select'> | undefined
    const { opened, open, finished, finish } = gates()
    const read = async (): Promise<unknown> => await kept?.select().from(deals)
    const transaction = as('acme', () => db.transaction(async (tx) => {
      kept = tx
      open()
      await finished
    }))
    await Promise.race([opened, transaction])
    t.equal(await codeThrownBy(() => as('globex', read)), 'FST_TENANCY_CONTEXT_CROSS_TENANT')
    finish()
    await transaction
    t.equal(await codeThrownBy(() => as('acme', read)), 'FST_TENANCY_TRANSACTION_ENDED')
  })

  t.test('reads timestamps and writes JSON by itself', async (t) => {
    const raw = pgTable('deals', { id: textColumn(), at: timestamp('created_at', { withTimezone: true, mode: 'string' }) })
    const [deal] = await as('acme', () => db.select().from(raw).limit(1))
    t.match(deal?.at, /^\d{4}-\d\d-\d\d \d\d:/)
    const [json] = await as('acme', () => db.execute(text`select jsonb_typeof(${JSON.stringify({ a: 1 })}::jsonb) as kind`))
    t.match(json, { kind: 'object' })
  })

  t.test('prepares statements that serve every tenant', async (t) => {
    const prepared = db.select({ title: deals.title }).from(deals).where(eq(deals.id, text.placeholder('id'))).prepare('deal_by_id')
    const seen = await Promise.all(Array.from({ length: 60 }, async (_, i) => {
      const tenant = i % 2 === 0 ? 'acme' : 'globex'
      const [deal] = await as(tenant, () => prepared.execute({ id: '3' }))
      return `${tenant} ${deal?.title}`
    }))
    t.strictSame([...new Set(seen)], ['acme Giant magnets', 'globex Moon base'])
  })
})

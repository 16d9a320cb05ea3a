import { sql as text } from 'kysely'
import t from 'tap'
import { createDeals } from '../../examples/kysely/deals.ts'
import { codeThrownBy, gates, ormScene } from '../support/orm.ts'

t.test('Kysely on the tenant client', async (t) => {
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
    t.match(created, { id: '4', title: 'Portable hole', amount: 7 })
    t.ok(created.created_at instanceof Date)
    t.equal((await as('globex', () => store.create({ id: '4', title: 'Hank\'s moon' }))).title, 'Hank\'s moon')
    t.equal(await codeThrownBy(() => as('acme', () => store.create({ id: '4', title: 'Twice' }))), '23505')
    const { numUpdatedRows } = await as('globex', () => db.updateTable('deals').set({ stage: 'screening' }).where('id', '=', '4').executeTakeFirst())
    t.equal(numUpdatedRows, 1n)
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
    t.same(await as('acme', store.listDecided), decided)
    await t.rejects(as('acme', () => store.decide('3', 'none', 'approved')), { message: 'no result' })
    t.equal(await codeThrownBy(() => as('acme', () => store.decide('2', '3', 'rejected'))), '23505', 'the approval is there already')
    t.same(await as('acme', store.listDecided), decided, 'and the deal has not changed')
    t.equal((await as('globex', store.listDecided)).length, 1)
  })

  t.test('rolls back to a savepoint alone', async (t) => {
    await as('globex', async () => {
      const outer = await db.startTransaction().execute()
      await outer.updateTable('deals').set({ title: 'outer' }).where('id', '=', '1').execute()
      const inner = await outer.savepoint('inner').execute()
      await inner.updateTable('deals').set({ title: 'inner' }).execute()
      t.same(await inner.selectFrom('deals').select('title').where('id', '=', '2').execute(), [{ title: 'inner' }])
      await inner.rollbackToSavepoint('inner').execute()
      const again = await outer.savepoint('again').execute()
      await again.updateTable('deals').set({ amount: 1 }).where('id', '=', '1').execute()
      await again.releaseSavepoint('again').execute()
      await outer.commit().execute()
    })
    t.strictSame(await as('globex', titles), ['outer', 'Hammocks for Cypress Creek', 'Moon base'])
    t.strictSame(await as('acme', titles), ['Anvils for the desert', 'Rocket skates', 'Giant magnets'])
  })

  t.test('takes the options of a transaction', async (t) => {
    const transaction = () => db.transaction().setIsolationLevel('serializable').setAccessMode('read only')
    const { rows } = await as('acme', () => transaction().execute(async (trx) =>
      await text`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as read_only`.execute(trx)))
    t.same(rows, [{ level: 'serializable', read_only: 'on' }])
    t.equal(await codeThrownBy(() => as('acme', () => transaction().execute(async (trx) => await trx.deleteFrom('deals').execute()))), '25006')
  })

  t.test('has a handle that is dead after its transaction and in another tenant\'s hands', async (t) => {
    let kept: Pick<typeof db, 'selectFrom'> | undefined
    const { opened, open, finished, finish } = gates()
    const read = async (): Promise<unknown> => await kept?.selectFrom('deals').selectAll().execute()
    const transaction = as('acme', () => db.transaction().execute(async (trx) => {
      kept = trx
      open()
      await finished
    }))
    await Promise.race([opened, transaction])
    t.equal(await codeThrownBy(() => as('globex', read)), 'FST_TENANCY_CONTEXT_CROSS_TENANT')
    finish()
    await transaction
    t.not(await codeThrownBy(() => as('acme', read)), 'no error', 'Kysely sees to that itself')
  })

  t.test('streams, to the end and not to the end', async (t) => {
    const seen: Record<string, string[]> = { acme: [], globex: [] }
    await Promise.all(Object.entries(seen).map(async ([tenant, found]) => await as(tenant, async () => {
      for await (const title of store.titles(1)) found.push(title)
    })))
    t.strictSame(seen, { acme: ['Anvils for the desert', 'Rocket skates', 'Giant magnets'], globex: ['outer', 'Hammocks for Cypress Creek', 'Moon base'] })
    const first = async (): Promise<string | undefined> => {
      let first: string | undefined
      for await (const title of store.titles(1)) {
        first = title
        if (title !== '') break
      }
      return first
    }
    for (let i = 0; i < 15; i++) t.equal(await as(i % 2 === 0 ? 'acme' : 'globex', first), i % 2 === 0 ? 'Anvils for the desert' : 'outer')
  })

  t.test('serves two tenants at once', async (t) => {
    const seen = await Promise.all(Array.from({ length: 60 }, async (_, i) => {
      const tenant = i % 2 === 0 ? 'acme' : 'globex'
      const [deal] = await as(tenant, () => db.selectFrom('deals').select('title').where('id', '=', '3').execute())
      return `${tenant} ${deal?.title}`
    }))
    t.strictSame([...new Set(seen)].sort(), ['acme Giant magnets', 'globex Moon base'])
  })

  t.test('does not end the connections of everybody', async (t) => {
    t.equal(await codeThrownBy(() => db.destroy()), 'FST_TENANCY_SQL_REFUSED')
  })
})

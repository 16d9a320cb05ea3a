import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createTenantDatabase } from '../../lib/faces/testing/index.ts'
import { setScene } from '../../lib/faces/testing/leak-suite/scene.ts'
import { testServer } from '../support/database.ts'

const SCHEMA = `
  create table suppliers (tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''), id text not null, code text not null check (code ~ '^[A-Z]{3}[0-9]$'), primary key (tenant_id, id));
  create table items (tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''), id text not null, supplier_id text not null, primary key (tenant_id, id),
    foreign key (tenant_id, supplier_id) references suppliers (tenant_id, id));
  create table plants (tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''), id text not null, primary key (tenant_id, id));`

t.test('what refers to a table that only the hook can fill gets rows too', async (t) => {
  const migrations = mkdtempSync(join(tmpdir(), 'seeded-'))
  t.teardown(() => rmSync(migrations, { recursive: true }))
  writeFileSync(join(migrations, '001_items.sql'), SCHEMA)
  const database = await createTenantDatabase({ server: await testServer(), migrations, isolation: 'rls', spares: 0 })
  t.teardown(() => database.close())

  const alone = await setScene(database, {})
  t.match(alone.unseeded, [/^suppliers: /, /^items: /])

  const helped = await setScene(database, { seed: async ({ query, mark }) => { for (const n of [1, 2]) await query('insert into suppliers (id, code) values ($1, $2)', [n === 1 ? 'both' : mark, `ABC${n}`]) } })
  t.same(helped.unseeded, [])
  for (const { tenant, rows } of helped.copyOfParties()) {
    t.same([rows.get('suppliers')?.length, rows.get('suppliers')?.[0]?.['id'], rows.get('suppliers')?.[0]?.['tenant_id']], [2, 'both', tenant.id], 'in the order in which they were written')
    t.equal(rows.get('items')?.[0]?.['supplier_id'], 'both')
  }
  t.same(helped.copyOfParties().map(({ rows }) => [rows.get('items')?.length, rows.get('plants')?.length]), [[3, 3], [5, 5]])
})

t.test('a hook that writes nothing leaves the reason', async (t) => {
  const migrations = mkdtempSync(join(tmpdir(), 'seeded-'))
  t.teardown(() => rmSync(migrations, { recursive: true }))
  writeFileSync(join(migrations, '001_items.sql'), SCHEMA)
  const database = await createTenantDatabase({ server: await testServer(), migrations, spares: 0 })
  t.teardown(() => database.close())
  t.match((await setScene(database, { seed: async () => {} })).unseeded, [/^suppliers: /, /^items: /])
})

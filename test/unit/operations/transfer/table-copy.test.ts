import t from 'tap'
import type { ColumnShape, TableShape } from '../../../../lib/operations/transfer/shape.ts'
import { checksumOf, clearStatement, deleteStatement, hasKey, insertStatement, rowsOf } from '../../../../lib/operations/transfer/statements.ts'
import { matchTables } from '../../../../lib/operations/transfer/table-copy.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'
import type { IsolationStrategyName, Tenant } from '../../../../lib/words/types.ts'

const tenantIn = (schema: string, isolation: IsolationStrategyName): Tenant => ({
  id: parseTenantId('acme'), name: 'Acme', status: 'active', isolation, schema, server: 'default', database: null, migration: '', isMoving: false, createdAt: new Date(0)
})
const OWN = tenantIn('tenant_acme', 'schema')
const SHARED = tenantIn('shared', 'rls')

const column = (name: string, { type = 'text', isGenerated = false, isFixed = false }: Partial<ColumnShape> = {}): ColumnShape => ({ name, type, isGenerated, isFixed })
const table = (name: string, columns: readonly ColumnShape[], { key = ['id'], parents = [], isPartitioned = false }: { readonly key?: readonly string[], readonly parents?: readonly string[], readonly isPartitioned?: boolean } = {}): TableShape =>
  ({ name, isPartitioned, columns: [...columns], key: [...key], parents: [...parents] })

const deals = [column('id', { type: 'bigint', isFixed: true }), column('title'), column('length', { isGenerated: true })]
const sharedDeals = [...deals, column('tenant_id', { type: 'character varying(56)' })]

t.test('matchTables()', async (t) => {
  t.test('finds what two ends have in common, and each one\'s own', async (t) => {
    const [copy] = matchTables({ tenant: OWN, tables: [table('deals', deals)] }, { tenant: SHARED, tables: [table('deals', sharedDeals, { key: ['tenant_id', 'id'], isPartitioned: true })] })
    t.match(copy, {
      columns: ['"id"', '"title"'],
      changing: ['"title"'],
      key: [{ name: 'id', type: 'bigint' }],
      from: { table: '"tenant_acme"."deals"', rows: 'only "tenant_acme"."deals"', isOwn: 'true', tenant: undefined },
      to: { table: '"shared"."deals"', rows: '"shared"."deals"', isOwn: 't."tenant_id" = \'acme\'::character varying', key: ['"tenant_id"', '"id"'] }
    })
  })

  t.test('puts parents first', async (t) => {
    const tables = [table('notes', deals, { parents: ['deals'] }), table('deals', deals)]
    t.same(matchTables({ tenant: OWN, tables }, { tenant: OWN, tables }).map(({ name, place }) => [name, place]), [['deals', 0], ['notes', 1]])
  })

  t.test('refuses tables that refer to each other in a circle', async (t) => {
    const tables = [table('notes', deals, { parents: ['deals'] }), table('deals', deals, { parents: ['notes'] })]
    t.throws(() => matchTables({ tenant: OWN, tables }, { tenant: OWN, tables }), { code: 'FST_TENANCY_TRANSFER_CYCLE' })
  })

  t.test('refuses a table that is at one end only, of other columns, or of another key', async (t) => {
    const here = { tenant: OWN, tables: [table('deals', deals)] }
    for (const tables of [[], [table('deals', deals), table('more', deals)], [table('deals', [column('id')])], [table('deals', deals, { key: [] })]]) {
      t.throws(() => matchTables(here, { tenant: OWN, tables }), { code: 'FST_TENANCY_TRANSFER_MISMATCH' })
    }
  })

  t.test('refuses a shared table without a tenant column: its rows are everybody\'s', async (t) => {
    const tables = [table('deals', deals)]
    t.throws(() => matchTables({ tenant: SHARED, tables }, { tenant: OWN, tables }), { code: 'FST_TENANCY_TRANSFER_MISMATCH' })
    t.throws(() => matchTables({ tenant: OWN, tables }, { tenant: SHARED, tables }), { code: 'FST_TENANCY_TRANSFER_MISMATCH' })
  })
})

t.test('the statements of a copy', async (t) => {
  const copyOf = (columns: readonly ColumnShape[], key: readonly string[], tenant = SHARED) => {
    const tables = [table('deals', columns, { key })]
    const [copy] = matchTables({ tenant, tables }, { tenant, tables })
    if (copy === undefined) throw new Error('no copy')
    return copy
  }

  t.test('ask for the tenant\'s rows alone', async (t) => {
    const copy = copyOf(sharedDeals, ['tenant_id', 'id'])
    t.match(rowsOf(copy, { end: copy.from }), /where t\."tenant_id" = 'acme'/)
    t.match(rowsOf(copy, { end: copy.from, keys: 'changed' }), /join changed k on t\."id" = \(k\.key ->> 'id'\)::bigint where t\."tenant_id" = 'acme'/)
    for (const statement of [clearStatement(copy), deleteStatement(copy), checksumOf(copy, { end: copy.to })]) t.match(statement, /t\."tenant_id" = 'acme'/)
  })

  t.test('write the tenant themselves, whatever arrives', async (t) => {
    t.match(insertStatement(copyOf(sharedDeals, ['tenant_id', 'id']), true), /\("tenant_id", "id", "title"\) overriding system value select 'acme'::character varying, "id", "title" [^]*on conflict \("tenant_id", "id"\) do update set "title" = excluded\."title"/)
    t.match(insertStatement(copyOf(deals, ['id'], OWN), false), /\("id", "title"\) overriding system value select "id", "title" from \S+$/)
  })

  t.test('change nothing of a row that is nothing but its key', async (t) => {
    t.match(insertStatement(copyOf([column('id')], ['id'], OWN), true), /do nothing$/)
  })

  t.test('take a table whose key is the tenant alone for one row', async (t) => {
    const copy = copyOf([column('tenant_id'), column('plan')], ['tenant_id'])
    t.equal(hasKey(copy, 't', 'k.key'), 'true')
    t.match(deleteStatement(copy), /not exists \(select from \S+ s\)$/)
  })
})

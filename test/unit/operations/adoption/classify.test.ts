import t from 'tap'
import { classify } from '../../../../lib/operations/adoption/classify.ts'
import type { SourceForeignKey, SourceTable } from '../../../../lib/operations/adoption/source.ts'

const referring = (table: string): SourceForeignKey => ({ name: `to_${table}`, columns: [`${table}_ref`], schema: 'zakops', table, references: ['id'], onDelete: 'a', onUpdate: 'a', match: 's', deferral: '', definition: '', comment: null })

const table = (name: string, { columns = ['id'], parents = [], rows = 10 }: { readonly columns?: readonly string[], readonly parents?: readonly string[], readonly rows?: number } = {}): SourceTable => ({
  name,
  owner: 'zakops',
  rows,
  isPlain: true,
  isSecured: false,
  comment: null,
  typed: [],
  columns: columns.map((column) => ({ name: column, type: 'text', isNotNull: true, default: null, isGenerated: false })),
  keys: [],
  foreignKeys: parents.map(referring),
  sequences: [],
  triggers: [],
  grants: []
})

const classesOf = (...tables: readonly SourceTable[]): Record<string, string> =>
  Object.fromEntries([...classify({ tables: [...tables], views: [], care: [] })].map(([name, found]) => [name, `${found.class} ${found.confidence}`]))

t.test('a table is taken for', async (t) => {
  t.test('the tenant\'s where rows are somebody\'s, and derived where they belong to such rows', async (t) => {
    t.same(classesOf(table('people', { columns: ['id', 'email'] }), table('notes', { parents: ['people'] }), table('marks', { parents: ['notes'] }), table('old', { columns: ['tenant_id'] })),
      { people: 'tenant high', notes: 'derived high', marks: 'derived high', old: 'tenant high' })
  })

  t.test('nobody\'s where migrations are kept', async (t) => {
    t.same(classesOf(table('schema_migrations'), table('_prisma_migrations'), table('alembic_version')), { schema_migrations: 'ignore high', _prisma_migrations: 'ignore high', alembic_version: 'ignore high' })
  })

  t.test('everybody\'s only where its name says so, it refers to nothing, and others refer to it', async (t) => {
    t.same(classesOf(table('countries'), table('people', { columns: ['email'], parents: ['countries'] })), { countries: 'shared medium', people: 'tenant high' })
    t.same(classesOf(table('codes', { rows: 50_000 }), table('people', { columns: ['email'], parents: ['codes'] })), { codes: 'shared low', people: 'tenant high' })
    t.same(classesOf(table('discount_codes')), { discount_codes: 'tenant low' }, 'what is wrongly shared shows everything')
    t.match(classesOf(table('types', { parents: ['people'] }), table('people', { columns: ['email'], parents: ['types'] })), { types: /^(tenant|derived) / })
    t.match(classesOf(table('statuses', { columns: ['id', 'created_by'] }), table('people', { parents: ['statuses'] })), { statuses: 'tenant high' })
  })

  t.test('the tenant\'s in every other case', async (t) => {
    t.same(classesOf(table('things')), { things: 'tenant low' })
    t.same(classesOf(table('things'), table('parts', { parents: ['things'] })), { things: 'tenant medium', parts: 'derived high' })
    t.same(classesOf(table('trees', { parents: ['trees', 'elsewhere'] })), { trees: 'tenant medium' }, 'one that refers to itself, and out of the schema')
  })
})

import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import { exampleOf } from '../../../../../lib/faces/testing/leak-suite/examples.ts'

const wishes = { mark: 'mark1', isFull: true, valueOf: (name: string) => name === 'deal_id' ? 'deal-7' : undefined }

t.test('an example fits the schema that it is made of', async (t) => {
  const schema = Type.Object({
    title: Type.String({ minLength: 8, maxLength: 20 }),
    deal_id: Type.String(),
    amount: Type.Integer({ minimum: 10 }),
    decision: Type.Union([Type.Literal('approved'), Type.Literal('rejected')]),
    tags: Type.Array(Type.String(), { minItems: 2 }),
    code: Type.String({ pattern: '^[A-Z]{3}$' }),
    note: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    inner: Type.Object({ ok: Type.Boolean() })
  })
  const example = exampleOf(schema, wishes)
  t.ok(Value.Check(schema, example), JSON.stringify(example))
  t.match(example, { title: /mark1/, deal_id: 'deal-7', decision: 'rejected' })
})

t.test('what is optional is left out when asked so', async (t) => {
  t.same(exampleOf({ type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a'] }, { ...wishes, isFull: false }), { a: 'mark1' })
})

t.test('e-mail addresses and URLs look like some', async (t) => {
  t.match(exampleOf({ type: 'string', format: 'email' }, wishes, 'contact'), /^mark1@/)
  t.match(exampleOf({ type: 'string' }, wishes, 'website'), /^https:.*mark1/)
})

t.test('every kind of schema has an example that fits it', async (t) => {
  const kinds: ReadonlyArray<readonly [schema: object, example: unknown]> = [
    [{ const: 7 }, 7],
    [{ enum: ['a', 'b'] }, 'b'],
    [{ anyOf: [{ type: 'null' }] }, null],
    [{ oneOf: [{ type: 'integer' }, { type: 'null' }] }, 3],
    [{ allOf: [{ type: 'object', properties: { a: { const: 1 } } }, { type: 'object', properties: { b: { const: 2 } } }] }, { a: 1, b: 2 }],
    [{ type: 'integer', examples: [12] }, 12],
    [{ type: 'integer', minimum: 1, default: 20 }, 20],
    [{ type: 'string', example: 'like this' }, 'like this'],
    [{ type: 'integer', exclusiveMinimum: 9, maximum: 20 }, 10],
    [{ type: 'number', maximum: 2 }, 2],
    [{ type: ['null', 'boolean'] }, true],
    [{ type: 'null' }, null],
    [{ type: 'array', items: { type: 'boolean' } }, [true]],
    [{ type: 'file' }, undefined],
    [{ type: 'string', format: 'date-time' }, '2024-01-02T03:04:05Z'],
    [{ type: 'string', pattern: '^\\d+$', default: '5' }, '5'],
    [{ type: 'string', pattern: '^never\\d{9}$' }, undefined],
    [{}, 'mark1']
  ]
  for (const [schema, example] of kinds) t.same(exampleOf(schema, wishes), example, JSON.stringify(schema))
})

t.test('of a list the first page is asked for, because there may be no other', async (t) => {
  const query = { type: 'object', properties: { page: { type: 'integer' }, offset: { type: 'integer' }, from_page: { type: 'integer', minimum: 0 }, size: { type: 'integer' } } }
  t.same(exampleOf(query, wishes), { page: 1, offset: 0, from_page: 1, size: 3 })
})

t.test('what names a row has the type that is asked for, and what is read-only is left out', async (t) => {
  const rows = { ...wishes, valueOf: () => 7 }
  t.same(exampleOf({ type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' }, c: {}, d: { type: 'string', readOnly: true } } }, rows), { a: '7', b: 7, c: 7 })
})

t.test('a schema that holds itself ends somewhere', async (t) => {
  const endless: { type: string, properties: Record<string, unknown> } = { type: 'object', properties: { title: { type: 'string' } } }
  endless.properties['parent'] = endless
  t.match(exampleOf(endless, wishes), { title: 'mark1', parent: { parent: { title: 'mark1' } } })
})

import t from 'tap'
import type { Column, Constraint } from '../../../../../lib/faces/testing/leak-suite/catalog.ts'
import { keyValue, meeker, nobodysValue, plainValue } from '../../../../../lib/faces/testing/leak-suite/values.ts'

const ACME = { mark: 'acme1', number: 1 }
const GLOBEX = { mark: 'globex1', number: 2 }

const columnOf = (type: string, more: Partial<Column> = {}): Column => ({ name: 'value', type, isRequired: true, hasDefault: false, isGenerated: false, labels: [], ...more })

const allows = (...literals: string[]): Constraint => ({ name: 'c', kind: 'check', columns: ['value'], parent: '', parentColumns: [], literals })

t.test('a key', async (t) => {
  const types = ['text', 'character varying(6)', 'uuid', 'integer', 'smallint', 'bigint', 'date', 'timestamp with time zone']
  t.test('is the same for both tenants where it is to be shared, and else nobody else\'s', async (t) => {
    for (const type of types) {
      const key = (who: typeof ACME, row: number, isShared: boolean): string => keyValue(columnOf(type), 'deals', who, row, isShared)
      t.equal(key(ACME, 0, true), key(GLOBEX, 0, true), type)
      const own = [key(ACME, 1, false), key(ACME, 2, false), key(GLOBEX, 1, false), key(GLOBEX, 2, false), key(ACME, 0, true)]
      t.equal(new Set(own).size, own.length, type)
    }
  })

  t.test('fits its type', async (t) => {
    t.match(keyValue(columnOf('uuid'), 'deals', ACME, 1, false), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    t.equal(keyValue(columnOf('character varying(6)'), 'deals', ACME, 1, false).length, 6)
    t.ok(Number(keyValue(columnOf('smallint'), 'deals', GLOBEX, 9, false)) < 32_768)
    t.ok(Number(keyValue(columnOf('integer'), 'deals', GLOBEX, 9, false)) < 2_147_483_648)
    t.equal(keyValue(columnOf('date'), 'visits', ACME, 1, false), '2003-09-29')
    t.equal(keyValue(columnOf('boolean'), 'deals', ACME, 1, false), 'true')
    t.equal(keyValue(columnOf('kind', { labels: ['a', 'b'] }), 'deals', ACME, 1, false), 'b')
    t.match(keyValue(columnOf('text', { name: 'email' }), 'people', ACME, 1, false), /^k[0-9a-f]+@example\.com$/)
  })

  t.test('that nobody has looks like one that somebody has', async (t) => {
    t.equal(nobodysValue(7, 3), 510)
    t.equal(nobodysValue('71009000', 3), '71009503')
    t.equal(nobodysValue('99999999999999999999', 1), '100000000000000000500', 'longer than a number can be')
    t.match(nobodysValue('6fa459ea-ee8a-4ca4-894e-db77e160355e', 1), /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
    t.equal(String(nobodysValue('k12345', 1)).length, 6)
    t.not(nobodysValue('k12345', 1), nobodysValue('k12345', 2))
    t.match(nobodysValue('', 1), /^k$/)
    t.match(nobodysValue('ann@example.com', 1), /^k[0-9a-f]{2}@example\.com$/)
    t.match(nobodysValue('https://example.com/ann', 1), /^https:\/\/example\.com\/k[0-9a-f]{2}$/)
    t.equal(nobodysValue('2024-01-02T03:04:05+00:00', 1), '2051-05-21T03:04:05+00:00')
    t.equal(nobodysValue('2024-01-02', 1), '2051-05-21')
    t.equal(nobodysValue(true, 1), true, 'but of two values both may be there')
  })
})

t.test('any other value', async (t) => {
  const fill = (type: string, more: Partial<Column> = {}, who = ACME): string | null => plainValue(columnOf(type, more), 'mark', [], who, 1)

  t.test('says whose it is, wherever the type lets it', async (t) => {
    for (const type of ['text', 'character varying(40)', 'citext', 'jsonb', 'json']) t.match(fill(type), /acme1/, type)
    for (const type of ['text[]', 'character varying(9)[]']) t.equal(fill(type), '{acme1}', type)
    t.equal(fill('bytea'), `\\x${Buffer.from('acme1').toString('hex')}`)
    t.not(fill('integer'), fill('integer', {}, GLOBEX))
    t.not(fill('smallint'), fill('smallint', {}, GLOBEX))
    t.not(fill('uuid'), fill('uuid', {}, GLOBEX))
    t.equal(fill('character varying(4)'), 'acme')
    t.match(fill('text', { name: 'owner_email' }), /^acme1.*@example\.com$/)
  })

  t.test('fits its type where nothing can be said', async (t) => {
    const wanted: Readonly<Record<string, RegExp>> = {
      'integer[]': /^\{\}$/, boolean: /^false$/, date: /^2024/, 'timestamp with time zone': /^2024/, 'time without time zone': /^03:/, interval: /hour/, inet: /^192/, cidr: /^192/
    }
    for (const [type, pattern] of Object.entries(wanted)) t.match(fill(type), pattern, type)
    t.equal(fill('point'), null, 'a type that is not known is left out')
    t.equal(fill('boolean', { hasDefault: true }), null, 'and so is what has a default')
    t.equal(fill('stage', { labels: ['new', 'won'] }), 'new', 'an enumeration has its labels')
  })

  t.test('is more and more modest when it is refused', async (t) => {
    const text = columnOf('text')
    t.equal(meeker('mark', text), 'allowed')
    t.equal(meeker('allowed', text), 'null')
    t.equal(meeker('allowed', columnOf('text', { hasDefault: true })), 'default')
    t.equal(meeker('default', text), 'null')
    t.equal(plainValue(text, 'allowed', [allows('open', 'closed')], ACME, 1), 'open')
    t.equal(plainValue(text, 'allowed', [], ACME, 1), 'a')
    t.equal(plainValue(columnOf('integer'), 'allowed', [], ACME, 1), '1')
    t.equal(plainValue(text, 'default', [], ACME, 1), null)
    t.equal(plainValue(text, 'null', [], ACME, 1), null)
  })
})

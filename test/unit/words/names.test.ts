import t from 'tap'
import {
  MAX_IDENTIFIER_BYTES, isTenantId, parseSchemaName, parseTenantId, quoteIdentifier, quoteLiteral, schemaNameOf
} from '../../../lib/words/names.ts'

const PAIRS = 100_000
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'
const RESERVED = /^(pg_.*|public|information_schema|zakops_tenancy|\$user)$/

/** mulberry32: the same pairs on every run, so a failure can be looked at again. */
function seeded (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const random = seeded(20260823)
const below = (limit: number) => Math.floor(random() * limit)
const character = () => ALPHABET.charAt(below(ALPHABET.length))

function randomId (): string {
  const length = 1 + below(56)
  return ALPHABET.charAt(below(52)) + Array.from({ length: length - 1 }, character).join('')
}

/** A second id that somebody would choose to collide with the first. */
function neighbour (id: string): string {
  switch (below(8)) {
    case 0: return id.toLowerCase()
    case 1: return id.toUpperCase()
    case 2: return id.replaceAll('-', '_')
    case 3: return id.replaceAll('_', '-')
    case 4: return `${id}${character()}`
    case 5: return id.slice(0, -1)
    case 6: return `tenant_${id}`
    default: return `${id.slice(0, 55)}${character()}`
  }
}

t.test('schemaNameOf()', async (t) => {
  t.test('gives two ids two schemas, for random and for adversarial pairs', async (t) => {
    const seen = new Map<string, string>()
    const collisions: string[][] = []
    const unfit: string[] = []
    let compared = 0
    while (compared < PAIRS) {
      const first = randomId()
      const second = neighbour(first)
      if (!isTenantId(first) || !isTenantId(second)) continue
      compared++
      for (const id of [first, second]) {
        const schema = schemaNameOf(id)
        const before = seen.get(schema)
        if (before !== undefined && before !== id) collisions.push([before, id])
        seen.set(schema, id)
        if (Buffer.byteLength(schema) > MAX_IDENTIFIER_BYTES || RESERVED.test(schema)) unfit.push(id)
      }
    }
    t.same(collisions, [])
    t.same(unfit, [], 'every name fits 63 bytes and none is reserved')
    t.ok(seen.size > PAIRS, 'the pairs were different ones')
  })

  t.test('keeps ids apart that differ only in what PostgreSQL would fold or cut', async (t) => {
    const long = 'a'.repeat(55)
    const ids = ['Acme', 'acme', 'ACME', 'a-b', 'a_b', `${long}x`, `${long}y`, 'tenant_acme', 'public', 'pg_temp']
    const schemas = new Set(ids.map((id) => schemaNameOf(parseTenantId(id))))
    t.equal(schemas.size, ids.length)
  })
})

t.test('isTenantId()', async (t) => {
  t.test('accepts 1 to 56 letters, digits, "_" and "-"', async (t) => {
    for (const id of ['a', '7', 'acme', 'Acme-2_x', 'a'.repeat(56)]) t.ok(isTenantId(id), id)
  })

  t.test('refuses everything else', async (t) => {
    const texts = ['', ' ', 'a'.repeat(57), 'x'.repeat(1_000_000), '-a', '_a', 'a b', 'a.b', 'a,b', 'a"b', "a'b", 'a;b', 'a/b', '$user', 'a\0b', 'acme\n', '\nacme',
      'acme\u200b', 'acm\u00e9', 'acme\u0301', '\u0430cme', '\u202eacme', '\ud800', 'a\ud801', '\uff41cme', '\u212acme']
    for (const text of texts) t.notOk(isTenantId(text), JSON.stringify(text.slice(0, 20)))
    const values = [1, 0, true, null, undefined, {}, [], ['acme'], { toString: () => 'acme' }, Object('acme'), Symbol('acme'), 10n]
    for (const value of values) t.notOk(isTenantId(value))
  })
})

t.test('parseTenantId()', async (t) => {
  t.test('throws for what is not a tenant id, and does not repeat it', async (t) => {
    const attempt = () => parseTenantId('drop table deals')
    t.throws(attempt, { code: 'FST_TENANCY_TENANT_ID_INVALID' })
    t.throws(attempt, { message: /^(?!.*drop)/ })
  })
})

t.test('parseSchemaName()', async (t) => {
  t.test('returns a plain lower-case identifier', async (t) => {
    for (const name of ['shared', '_x', 'a1', 'a'.repeat(63)]) t.equal(parseSchemaName(name), name)
  })

  t.test('throws for reserved names and for what would need care', async (t) => {
    const names = ['public', 'pg_temp', 'pg_catalog', 'pg_', 'information_schema', 'zakops_tenancy', 'tenant_acme', 'tenant_', 'Shared', '$user', 'a b', 'a"', '', '1a', 'a'.repeat(64), 'shared\n']
    for (const name of names) t.throws(() => parseSchemaName(name), { code: 'FST_TENANCY_NAME_RESERVED' }, JSON.stringify(name))
  })
})

t.test('quoteIdentifier()', async (t) => {
  t.test('can be read back, for any text', async (t) => {
    const wrong: string[] = []
    for (let i = 0; i < PAIRS; i++) {
      const name = Array.from({ length: below(12) }, () => '"\'\\.,; a\u00e9$'.charAt(below(11))).join('')
      const quoted = quoteIdentifier(name)
      const inner = quoted.slice(1, -1)
      if (/(^|[^"])("")*"([^"]|$)/.test(inner) || inner.replaceAll('""', '"') !== name) wrong.push(name)
    }
    t.same(wrong, [])
  })

  t.test('keeps dots, commas and letter case inside one name', async (t) => {
    t.equal(quoteIdentifier('a.b,C"d'), '"a.b,C""d"')
  })
})

t.test('quoteLiteral()', async (t) => {
  t.test('quotes for either value of standard_conforming_strings', async (t) => {
    t.equal(quoteLiteral("o'brien"), "'o''brien'")
    t.equal(quoteLiteral("\\'; drop"), "E'\\\\''; drop'")
  })
})

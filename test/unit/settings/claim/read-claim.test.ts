import t from 'tap'
import { readClaim } from '../../../../lib/settings/claim/index.ts'

const MISSING = { code: 'FST_TENANCY_CLAIM_MISSING', statusCode: 403 }
const INVALID = { code: 'FST_TENANCY_CLAIM_INVALID', statusCode: 403 }

t.test('readClaim()', async (t) => {
  t.test('reads a claim by its name', async (t) => {
    t.equal(readClaim({ tenant_id: 'acme' }, 'tenant_id'), 'acme')
    t.equal(readClaim(Object.assign(Object.create(null), { tenant_id: 'Acme-2' }), 'tenant_id'), 'Acme-2')
  })

  t.test('reads a claim by its path', async (t) => {
    t.equal(readClaim({ org: { id: 'acme' } }, 'org.id'), 'acme')
    t.equal(readClaim({ a: { b: { c: 'acme' } } }, 'a.b.c'), 'acme')
  })

  t.test('reads a claim whose whole name has dots', async (t) => {
    t.equal(readClaim({ 'https://zakops.example/tenant_id': 'acme' }, 'https://zakops.example/tenant_id'), 'acme')
    t.equal(readClaim({ 'org.id': 'acme' }, 'org.id'), 'acme')
  })

  t.test('throws where the path has two readings and both are there', async (t) => {
    t.throws(() => readClaim({ 'org.id': 'acme', org: { id: 'globex' } }, 'org.id'), INVALID)
    t.throws(() => readClaim({ 'org.id': 'acme', org: { id: 'acme' } }, 'org.id'), INVALID)
  })

  t.test('throws where nothing is there', async (t) => {
    const rows: Array<readonly [unknown, string]> = [
      [{}, 'tenant_id'], [{ tenant: 'acme' }, 'tenant_id'], [{ org: {} }, 'org.id'], [{ org: { name: 'acme' } }, 'org.id'],
      [{ org: 'acme' }, 'org.id'], [{ org: null }, 'org.id'], [{ org: ['acme'] }, 'org.0'], [{ org: 'acme' }, 'org.0'], [{ org: ['acme'] }, 'org.length'],
      [{ org: [{ id: 'acme' }] }, 'org.0.id'], [null, 'tenant_id'], ['acme', '0'], ['acme', 'length'], ['acme', 'tenant_id'], ['acme'.split(''), '0'], [undefined, 'a'], [7, 'a']
    ]
    for (const [payload, path] of rows) t.throws(() => readClaim(payload, path), MISSING, `${JSON.stringify(payload)} at ${path}`)
  })

  t.test('follows own properties only', async (t) => {
    t.throws(() => readClaim(Object.create({ tenant_id: 'acme' }), 'tenant_id'), MISSING)
    t.throws(() => readClaim({ org: Object.create({ id: 'acme' }) }, 'org.id'), MISSING)
    t.throws(() => readClaim(JSON.parse('{"__proto__":{"tenant_id":"acme"}}'), 'tenant_id'), MISSING)
    t.throws(() => readClaim(JSON.parse('{"__proto__":{"tenant_id":"acme"}}'), '__proto__.tenant_id'), MISSING)
    t.throws(() => readClaim(JSON.parse('{"__proto__":"acme"}'), '__proto__'), MISSING)
    t.throws(() => readClaim(Object.assign({}, JSON.parse('{"__proto__":{"tenant_id":"acme"}}')), 'tenant_id'), MISSING)
    for (const name of ['constructor', 'toString', 'constructor.name', 'hasOwnProperty.name']) t.throws(() => readClaim({}, name), MISSING, name)
  })

  t.test('coerces nothing', async (t) => {
    const values = [null, undefined, 0, 1, true, false, '', ' ', [], ['acme'], ['acme', 'globex'], {}, { id: 'acme' }, { toString: () => 'acme' }, Object('acme'),
      'a\0b', 'acme\0', 'x'.repeat(57), 'x'.repeat(5000), 'acme\u200b', '\ufeffacme', 'acme\u0301', '\u0430cme', '\u202eacme', '\ud800', 'a.b', 'a"b', 'a,b', 'acme,globex', 'acme\n', '-acme', '../acme']
    for (const value of values) t.throws(() => readClaim({ tenant_id: value }, 'tenant_id'), INVALID, String(JSON.stringify(value)).slice(0, 30))
  })

  t.test('never shows the claim', async (t) => {
    for (const payload of [{ tenant_id: 'secret tenant' }, { 'a.b': 'secret tenant', a: { b: 'x' } }]) {
      try {
        readClaim(payload, Object.keys(payload)[0] ?? '')
        t.fail('has to throw')
      } catch (error) {
        t.notMatch(String(error), /secret/)
      }
    }
  })
})

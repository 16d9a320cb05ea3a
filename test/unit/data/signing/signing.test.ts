import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import { Signer, deriveKey, padsOf } from '../../../../lib/data/signing/index.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'
import { SECRET } from '../../../support/signing.ts'

const sha256 = (...parts: readonly (Buffer | string)[]): Buffer => createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest()

t.test('deriveKey()', async (t) => {
  t.test('gives each deployment and each secret a key of its own', async (t) => {
    const keys = [deriveKey(SECRET, 'a'), deriveKey(SECRET, 'b'), deriveKey(`${SECRET}x`, 'a')].map((key) => key.toString('hex'))
    t.equal(new Set(keys).size, 3)
  })
})

t.test('padsOf()', async (t) => {
  t.test('gives what two SHA-256 make an HMAC of', async (t) => {
    const key = deriveKey(SECRET, 'a')
    const { inner, outer } = padsOf(key)
    t.same(sha256(outer, sha256(inner, 'text')), createHmac('sha256', key).update('text').digest())
    t.same([inner.length, outer.length], [64, 64])
  })
})

t.test('Signer', async (t) => {
  const acme = parseTenantId('acme')
  const signer = (deployment: string): Signer => {
    const made = new Signer({ keys: new Map([['k1', SECRET]]), current: 'k1', lifetime: 60_000 })
    made.bind(deployment)
    return made
  }

  t.test('signs key, expiry and tenant', async (t) => {
    const { value } = signer('a').sign(acme)
    const [text, version, key, expiry, tenant, mac] = /^(v1)\.(k1)\.([0-9]{10})\.(acme)\.([0-9a-f]{64})$/.exec(value) ?? []
    t.ok(text)
    t.equal(mac, createHmac('sha256', deriveKey(SECRET, 'a')).update([version, key, expiry, tenant].join('.')).digest('hex'))
  })

  t.test('is to be asked again long before the expiry', async (t) => {
    const { value, renewAt } = signer('a').sign(acme)
    const expiry = Number(value.split('.')[2]) * 1_000
    t.ok(expiry - renewAt >= 45_000 && renewAt > Date.now() + 10_000)
  })

  t.test('signs nothing of use to another deployment', async (t) => {
    const mac = (value: string): string => value.slice(-64)
    t.not(mac(signer('a').sign(acme).value), mac(signer('b').sign(acme).value))
  })

  t.test('signs nothing before it knows for which deployment', async (t) => {
    const unbound = new Signer({ keys: new Map([['k1', SECRET]]), current: 'k1', lifetime: 60_000 })
    t.throws(() => unbound.sign(acme), TypeError)
  })
})

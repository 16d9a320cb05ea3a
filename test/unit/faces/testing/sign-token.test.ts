import { createHmac } from 'node:crypto'
import t from 'tap'
import { signToken } from '../../../../lib/faces/testing/index.ts'

const secret = 'a secret'

function payloadOf (token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

t.test('signToken()', async (t) => {
  t.test('signs header and payload with HMAC-SHA256', async (t) => {
    const [header = '', payload = '', signature] = signToken({ tenant_id: 'acme' }, { secret }).split('.')
    t.same(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg: 'HS256', typ: 'JWT' })
    t.equal(signature, createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url'))
    t.not(signToken({}, { secret: 'another' }).split('.')[2], signToken({}, { secret }).split('.')[2])
  })

  t.test('adds iat and an exp one hour later', async (t) => {
    t.intercept(Date, 'now', { value: () => 1_700_000_000_500 })
    t.same(payloadOf(signToken({ tenant_id: 'acme' }, { secret })), { iat: 1_700_000_000, exp: 1_700_003_600, tenant_id: 'acme' })
    t.match(payloadOf(signToken({}, { secret, expiresIn: -60 })), { exp: 1_699_999_940 })
  })

  t.test('keeps the iat and exp of the claims, and leaves undefined ones out', async (t) => {
    t.same(payloadOf(signToken({ iat: 1, exp: 2 }, { secret })), { iat: 1, exp: 2 })
    t.notOk(Object.hasOwn(Object(payloadOf(signToken({ exp: undefined }, { secret }))), 'exp'))
  })
})

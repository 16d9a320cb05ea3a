import { generateKeyPairSync } from 'node:crypto'
import fastifyJwt, { type FastifyJWTOptions } from '@fastify/jwt'
import Fastify from 'fastify'
import t from 'tap'
import { type TokenRules, tokenRules } from '../../../../lib/faces/plugin/token-rules.ts'

const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
})
const INVALID = { code: 'FST_TENANCY_OPTIONS_INVALID' }

/** The rules for an application with these options of `@fastify/jwt`; `isOurs` false: it registered them itself. */
async function rulesOf (options: FastifyJWTOptions, isOurs = true): Promise<TokenRules> {
  const app = Fastify()
  try {
    await app.register(fastifyJwt, options)
    return tokenRules(app.jwt, isOurs ? options.secret : undefined)
  } finally {
    await app.close()
  }
}

t.test('tokenRules()', async (t) => {
  t.test('pins HS256 for a plain secret, whoever registered @fastify/jwt', async (t) => {
    for (const secret of ['a secret', Buffer.from('a secret'), { private: 'a secret', public: 'a secret' }]) {
      t.same((await rulesOf({ secret })).algorithms, ['HS256'])
      t.same((await rulesOf({ secret }, false)).algorithms, ['HS256'])
    }
    t.same((await rulesOf({ secret: 'a secret', sign: { expiresIn: '1h', iss: 'us' }, verify: { allowedIss: 'them', requiredClaims: ['sub'], maxAge: '1h' } }, false)).algorithms, ['HS256'])
  })

  t.test('takes the algorithms that were named', async (t) => {
    t.same((await rulesOf({ secret: 'a secret', sign: { algorithm: 'HS512' } })).algorithms, ['HS512'])
    t.same((await rulesOf({ secret: 'a secret', sign: { algorithm: 'HS512' }, verify: { algorithms: ['HS384'] } })).algorithms, ['HS384'])
    t.same((await rulesOf({ secret: { public: rsa.publicKey }, verify: { algorithms: ['RS256'] } })).algorithms, ['RS256'])
    t.same((await rulesOf({ secret: async () => rsa.publicKey, verify: { algorithms: ['RS256'] } })).algorithms, ['RS256'])
  })

  t.test('does not guess for keys and for secret functions, which may return a public key', async (t) => {
    const secrets: Array<FastifyJWTOptions['secret']> = [
      { public: rsa.publicKey, private: rsa.privateKey }, { public: rsa.publicKey }, async () => 'a secret', async () => rsa.publicKey,
      (_request, _token, done) => { done(null, 'a secret') }, () => { throw new Error('not now') }
    ]
    for (const secret of secrets) {
      await t.rejects(rulesOf({ secret }), { ...INVALID, message: /jwt\.verify\.algorithms is required/ })
      await t.rejects(rulesOf({ secret }, false), { ...INVALID, message: /jwt\.verify\.algorithms is required/ })
    }
  })

  t.test('does not take HS256 from a signing secret whose verifying key is another', async (t) => {
    await t.rejects(rulesOf({ secret: { private: 'a secret', public: rsa.publicKey } }, false), INVALID)
  })

  t.test('refuses an HS algorithm beside a public key', async (t) => {
    for (const secret of [{ public: rsa.publicKey }, { public: Buffer.from(rsa.publicKey) }]) {
      await t.rejects(rulesOf({ secret, verify: { algorithms: ['HS256'] } }), { ...INVALID, message: /must not hold an HS algorithm/ })
    }
    await t.rejects(rulesOf({ secret: { public: rsa.publicKey }, verify: { algorithms: ['RS256', 'HS256'] } }), INVALID)
  })

  t.test('refuses what would make a token good for ever or for everybody, all at once', async (t) => {
    await t.rejects(rulesOf({ secret: 'a secret', verify: { ignoreExpiration: true, clockTimestamp: 1, algorithms: ['HS256', 'none'] } }), {
      ...INVALID, message: /ignoreExpiration[^]*clockTimestamp[^]*"none"/
    })
    await t.rejects(rulesOf({ secret: 'a secret', verify: { algorithms: [] } }), { ...INVALID, message: /algorithms is required/ })
  })

  t.test('requires exp always, and iss and aud where they are configured', async (t) => {
    t.same((await rulesOf({ secret: 'a secret' })).requiredClaims, ['exp'])
    const { requiredClaims } = await rulesOf({ secret: 'a secret', verify: { requiredClaims: ['sub'], allowedIss: 'us', allowedAud: ['api'] } })
    t.same(requiredClaims, ['sub', 'exp', 'iss', 'aud'])
  })
})

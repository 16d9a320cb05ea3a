import t from 'tap'
import { VerifiedTokens, isVerdictLasting } from '../../../../lib/faces/plugin/verified-tokens.ts'

const inAnHour = () => Date.now() / 1_000 + 3_600
const good = { payload: { tenant_id: 'acme' }, text: '{"tenant_id":"acme"}' }

t.test('VerifiedTokens', async (t) => {
  t.test('knows a token by all of its characters', async (t) => {
    const tokens = new VerifiedTokens()
    tokens.remember('head.body.sign', good, inAnHour())
    t.equal(tokens.recall('head.body.sign')?.payload, good.payload)
    for (const other of ['head.body.sigN', 'head.bodY.sign', 'heaD.body.sign', 'head.body.', 'head.body', 'head.body.sign ', ' head.body.sign', '', '__proto__', 'constructor']) {
      t.equal(tokens.recall(other), undefined, other)
    }
  })

  t.test('forgets it at its exp, and does not come back to it', async (t) => {
    const tokens = new VerifiedTokens()
    tokens.remember('soon', good, Date.now() / 1_000 + 0.05)
    t.ok(tokens.recall('soon'))
    await new Promise((resolve) => { setTimeout(resolve, 60) })
    t.equal(tokens.recall('soon'), undefined)
    t.equal(tokens.size, 0)
    tokens.remember('over', good, Date.now() / 1_000)
    t.equal(tokens.recall('over'), undefined)
  })

  t.test('keeps the 1,000 that were used last, and no long ones', async (t) => {
    const tokens = new VerifiedTokens()
    for (let i = 0; i < 1_000; i++) tokens.remember(`t${i}`, good, inAnHour())
    t.ok(tokens.recall('t0'))
    tokens.remember('one more', good, inAnHour())
    t.equal(tokens.size, 1_000)
    t.ok(tokens.recall('t0'))
    t.equal(tokens.recall('t1'), undefined)
    tokens.remember('x'.repeat(4_097), good, inAnHour())
    t.equal(tokens.recall('x'.repeat(4_097)), undefined)
  })
})

t.test('isVerdictLasting()', async (t) => {
  t.test('is so for a secret that is a text, and options that say the same at each request', async (t) => {
    for (const options of [{ secret: 's' }, { secret: { public: 'p' } }, { secret: { public: 'p', private: { key: 'k', passphrase: 'p' } } },
      { secret: 's', cookie: { cookieName: 'token', signed: false } }, { secret: 's', decoratorName: 'me', sign: { expiresIn: '1h' } },
      { secret: 's', verify: { algorithms: ['HS256' as const], allowedIss: 'us', allowedAud: ['web', 'api'], clockTolerance: 1, cache: true } }]) {
      t.equal(isVerdictLasting(options), true, JSON.stringify(options))
    }
  })

  t.test('is not so where the application has a say at each request, or other times count', async (t) => {
    const secret = 's'
    for (const options of [{ secret: async () => 's' }, { secret: Buffer.from('s') }, { secret: { public: async () => 'p' } },
      { secret, trusted: () => true }, { secret, formatUser: () => ({}) },
      ...[{ extractToken: () => 't' }, { maxAge: 1 }, { allowedIss: /us/ }, { allowedIss: ['us', /them/] }, { allowedSub: 'me' }, { allowedJti: ['1'] },
        { allowedNonce: 'n' }, { complete: true }, { key: 'another' }, { clockTimestamp: 1 }, { notKnownYet: true }].map((verify) => ({ secret, verify }))]) {
      t.equal(isVerdictLasting(options), false, JSON.stringify(options))
    }
  })
})

import { createHmac, generateKeyPairSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import fastifyJwt from '@fastify/jwt'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { zakopsTenancy } from '../../lib/faces/plugin/index.ts'
import { tenantApp, tenantsDatabase, whose } from '../support/tenancy-app.ts'
import { TEST_SECRET, tokenOf } from '../support/tokens.ts'

const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
})
const database = await tenantsDatabase(t)
const now = Math.floor(Date.now() / 1000)
const exp = now + 3600

/** A token as an attacker writes it: any header, any payload, text included. */
function forge (header: object, payload: unknown, secret: string | Buffer = TEST_SECRET, hash = 'sha256'): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const signed = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${Buffer.from(text).toString('base64url')}`
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}

const HS256 = { alg: 'HS256', typ: 'JWT' }
const good = { tenant_id: 'acme', iat: now, exp }
const unsigned = (alg: string) => forge({ alg, typ: 'JWT' }, good).replace(/[^.]*$/, '')

function routes (app: FastifyInstance): void {
  app.get('/', async () => ({ whose: await whose(app) }))
}

async function answer (app: FastifyInstance, authorization: string | string[] | undefined): Promise<readonly [number, string, string]> {
  const headers: Record<string, string | string[]> = authorization === undefined ? {} : { authorization }
  const reply = await app.inject({ method: 'GET', url: '/', headers })
  const body: Record<string, unknown> = reply.json()
  // The id of a refusal is random, and another one each time.
  return [reply.statusCode, String(body['code'] ?? body['whose']), reply.body.replace(/,"errorId":"[0-9a-f]{16}"/, '')]
}

t.test('the token', async (t) => {
  const { app } = await tenantApp(t, database, {}, routes)

  t.test('serves the tenant of a good token', async (t) => {
    t.match(await answer(app, tokenOf('acme')), [200, 'acme'])
    t.match(await answer(app, tokenOf('globex')), [200, 'globex'])
    for (const scheme of ['bearer', 'BEARER']) t.match(await answer(app, `${scheme} ${forge(HS256, good)}`), [200, 'acme'])
    t.match(await answer(app, tokenOf('acme', { iat: now + 30 })), [200, 'acme'], 'clocks differ')
    t.match(await answer(app, `Bearer ${forge(HS256, { tenant_id: 'acme', exp })}`), [200, 'acme'], 'iat is not required')
  })

  t.test('is 401 where there is none', async (t) => {
    for (const authorization of [undefined, '', 'Basic YWNtZTp4', 'Bearer', forge(HS256, good), 'Token x']) {
      t.match(await answer(app, authorization), [401, 'FST_TENANCY_TOKEN_MISSING'], String(authorization).slice(0, 20))
    }
  })

  t.test('is 401 where it is not a token, or nobody we trust signed it', async (t) => {
    const signed = forge(HS256, good)
    const rows: Array<readonly [string, string]> = [
      ['garbage', 'garbage'], ['dots', '..'], ['two parts', 'a.b'], ['four parts', `${signed}.x`], ['binary', '\xff\xfe.\xff.\xff'],
      ['alg none', unsigned('none')], ['alg nOnE', unsigned('nOnE')], ['alg NONE signed', forge({ alg: 'NONE' }, good)], ['no signature', signed.replace(/[^.]*$/, '')],
      ['HS512', forge({ alg: 'HS512' }, good, TEST_SECRET, 'sha512')], ['HS384', forge({ alg: 'HS384' }, good, TEST_SECRET, 'sha384')], ['RS256 named', forge({ alg: 'RS256' }, good)],
      ['no alg', forge({ typ: 'JWT' }, good)], ['alg a list', forge({ alg: ['HS256'] }, good)], ['alg null', forge({ alg: null }, good)],
      ['another secret', forge(HS256, good, 'guess')], ['empty secret', forge(HS256, good, '')], ['other payload', signed.replace(/\.[^.]*\./, `.${Buffer.from(JSON.stringify({ ...good, tenant_id: 'globex' })).toString('base64url')}.`)],
      ['unknown crit', forge({ ...HS256, crit: ['x'], x: 1 }, good)], ['crit no list', forge({ ...HS256, crit: 'exp' }, good)],
      ['header a list', forge([1], good)], ['padded', `${signed}=`], ['huge', forge(HS256, { ...good, x: 'x'.repeat(9000) }).replace(/.$/, '')]
    ]
    for (const [name, token] of rows) t.match(await answer(app, `Bearer ${token}`), [401, 'FST_TENANCY_TOKEN_INVALID'], name)
    for (const header of [`Bearer ${signed} x`, `Bearer  ${signed}`, `Bearer ${signed},Bearer ${signed}`, `Bearer\t${signed}`]) {
      t.match(await answer(app, header), [401, 'FST_TENANCY_TOKEN_INVALID'], header.slice(0, 12))
    }
    t.match(await answer(app, [`Bearer ${signed}`, tokenOf('globex')]), [401, 'FST_TENANCY_TOKEN_INVALID'], 'two Authorization headers')
  })

  t.test('is 401 where its times are wrong', async (t) => {
    const rows: Array<readonly [string, object | string]> = [
      ['no exp', { tenant_id: 'acme' }], ['expired', { ...good, exp: now - 1 }], ['exp a text', { ...good, exp: String(exp) }], ['exp null', { ...good, exp: null }], ['exp a list', { ...good, exp: [exp] }],
      ['exp endless', '{"tenant_id":"acme","exp":1e999}'], ['exp inherited', `{"tenant_id":"acme","__proto__":{"exp":${exp}}}`], ['iat in 10 years', { ...good, iat: now + 315_360_000 }], ['iat in 2 minutes', { ...good, iat: now + 120 }],
      ['iat a text', { ...good, iat: '1' }], ['iat null', { ...good, iat: null }], ['not yet', { ...good, nbf: now + 600 }], ['nbf a text', { ...good, nbf: 'soon' }]
    ]
    for (const [name, payload] of rows) t.match(await answer(app, `Bearer ${forge(HS256, payload)}`), [401, 'FST_TENANCY_TOKEN_INVALID'], name)
  })

  t.test('is 401 where its payload is no object, or has a key twice', async (t) => {
    const payloads = ['[]', '"acme"', '1', 'null', 'true', '', '{', `[{"tenant_id":"acme","exp":${exp}}]`,
      `{"tenant_id":"acme","tenant_id":"globex","exp":${exp}}`, `{"tenant_id":"acme","\\u0074enant_id":"globex","exp":${exp}}`, `{"tenant_id":"acme","exp":1,"exp":${exp}}`]
    for (const payload of payloads) t.match(await answer(app, `Bearer ${forge(HS256, payload)}`), [401, 'FST_TENANCY_TOKEN_INVALID'], payload)
  })

  t.test('is 403 where it is good and names no tenant that can be served', async (t) => {
    t.match(await answer(app, `Bearer ${forge(HS256, { exp })}`), [403, 'FST_TENANCY_CLAIM_MISSING'])
    t.match(await answer(app, `Bearer ${forge(HS256, `{"exp":${exp},"__proto__":{"tenant_id":"acme"}}`)}`), [403, 'FST_TENANCY_CLAIM_MISSING'])
    const claims = [null, 0, 1, true, '', ' ', [], ['acme'], ['acme', 'globex'], {}, { id: 'acme' }, 'a\0', 'acme\0', 'x'.repeat(5000), 'acme\u200b', '\u0430cme', 'acm\u0065\u0301', '\u202eacme', '\ud800', 'a.b', 'a"b', 'acme,globex', 'acme;globex', '../acme', 'ACME ', 'nobody', 'Acme', 'tenant_acme', 'public', '*', '%']
    for (const claim of claims) {
      t.match(await answer(app, `Bearer ${forge(HS256, { exp, tenant_id: claim })}`), [403, 'FST_TENANCY_TENANT_DENIED'], JSON.stringify(claim).slice(0, 30))
    }
  })

  t.test('does not let the client tell malformed, unknown and suspended apart', async (t) => {
    const replies = []
    for (const id of ['not an id', 'nobody', 'sleepy']) replies.push(await answer(app, tokenOf(id)))
    t.equal(new Set(replies.map((reply) => JSON.stringify(reply))).size, 1)
    t.match(replies[0], [403, 'FST_TENANCY_TENANT_DENIED'])
    t.notMatch(replies[0]?.[2], /nobody|sleepy|not an id/)
  })
})

t.test('the log', async (t) => {
  t.test('says which of malformed, unknown, suspended and expired it was', async (t) => {
    const { app, lines } = await tenantApp(t, database, {}, routes)
    for (const authorization of [tokenOf('not an id'), tokenOf('nobody'), tokenOf('sleepy'), `Bearer ${forge(HS256, { ...good, exp: 1 })}`]) await answer(app, authorization)
    const reasons = lines.filter((line) => line['msg'] === 'request refused').map((line) => line['reason'])
    t.same(reasons, ['FST_TENANCY_CLAIM_INVALID', 'FST_TENANCY_TENANT_UNKNOWN', 'FST_TENANCY_TENANT_INACTIVE', 'FST_JWT_AUTHORIZATION_TOKEN_EXPIRED'])
  })
})

t.test('the claim', async (t) => {
  t.test('can be a path, or a whole name with dots, and not both', async (t) => {
    const { app } = await tenantApp(t, database, { claim: 'org.id' }, routes)
    t.match(await answer(app, `Bearer ${forge(HS256, { exp, org: { id: 'acme' } })}`), [200, 'acme'])
    t.match(await answer(app, `Bearer ${forge(HS256, { exp, 'org.id': 'globex' })}`), [200, 'globex'])
    t.match(await answer(app, `Bearer ${forge(HS256, { exp, org: { id: 'acme' }, 'org.id': 'globex' })}`), [403, 'FST_TENANCY_TENANT_DENIED'])
    t.match(await answer(app, `Bearer ${forge(HS256, { exp, tenant_id: 'acme' })}`), [403, 'FST_TENANCY_CLAIM_MISSING'])
  })
})

t.test('options of @fastify/jwt', async (t) => {
  t.test('iss and aud are required once they are configured', async (t) => {
    const { app } = await tenantApp(t, database, { jwt: { secret: TEST_SECRET, verify: { allowedIss: 'us', allowedAud: 'api' } } }, routes)
    t.match(await answer(app, tokenOf('acme', { iss: 'us', aud: 'api' })), [200, 'acme'])
    t.match(await answer(app, tokenOf('acme', { iss: 'us', aud: ['web', 'api'] })), [200, 'acme'])
    for (const claims of [{}, { iss: 'us' }, { aud: 'api' }, { iss: 'them', aud: 'api' }, { iss: 'us', aud: 'web' }, { iss: ['us'], aud: 'api' }, { iss: 'us', aud: [] }, { iss: 'us', aud: { api: 1 } }]) {
      t.match(await answer(app, tokenOf('acme', claims)), [401, 'FST_TENANCY_TOKEN_INVALID'], JSON.stringify(claims))
    }
  })

  t.test('a public key is no secret', async (t) => {
    const { app } = await tenantApp(t, database, { jwt: { secret: { public: rsa.publicKey, private: rsa.privateKey }, sign: { algorithm: 'RS256' } } }, routes)
    t.match(await answer(app, `Bearer ${app.jwt.sign({ tenant_id: 'acme', exp })}`), [200, 'acme'], 'a good RS256 token is served')
    for (const key of [rsa.publicKey, rsa.publicKey.trim(), Buffer.from(rsa.publicKey)]) {
      t.match(await answer(app, `Bearer ${forge(HS256, good, key)}`), [401, 'FST_TENANCY_TOKEN_INVALID'])
    }
  })

  t.test('a secret function that returns a public key is no secret either', async (t) => {
    const { app } = await tenantApp(t, database, { jwt: { secret: async () => rsa.publicKey, verify: { algorithms: ['RS256'] } } }, routes)
    const signer = Fastify()
    t.teardown(() => signer.close())
    await signer.register(fastifyJwt, { secret: { public: rsa.publicKey, private: rsa.privateKey }, sign: { algorithm: 'RS256' } })
    t.match(await answer(app, `Bearer ${signer.jwt.sign({ tenant_id: 'globex', exp })}`), [200, 'globex'])
    t.match(await answer(app, `Bearer ${forge(HS256, good, rsa.publicKey)}`), [401, 'FST_TENANCY_TOKEN_INVALID'])
  })

  t.test('a secret that cannot be fetched is 401, never 500', async (t) => {
    const { app } = await tenantApp(t, database, { jwt: { secret: async () => { throw new Error('the key server is down') }, verify: { algorithms: ['HS256'] } } }, routes)
    t.match(await answer(app, tokenOf('acme')), [401, 'FST_TENANCY_TOKEN_INVALID'])
  })

  t.test('trusted, formatUser and extractToken work, and formatUser cannot change the tenant', async (t) => {
    const { app } = await tenantApp(t, database, {
      jwt: {
        secret: TEST_SECRET,
        trusted: (_request, payload) => payload['sub'] !== 'revoked',
        formatUser: () => ({ tenant_id: 'globex' }),
        verify: { extractToken: (request) => { const token = request.headers['x-token']; return typeof token === 'string' ? token : undefined } }
      }
    }, routes)
    const ask = async (token: string | undefined) => {
      const reply = await app.inject({ url: '/', headers: token === undefined ? {} : { 'x-token': token } })
      return [reply.statusCode, reply.json().code ?? reply.json().whose]
    }
    t.same(await ask(forge(HS256, good)), [200, 'acme'])
    t.same(await ask(forge(HS256, { ...good, sub: 'revoked' })), [401, 'FST_TENANCY_TOKEN_INVALID'])
    t.same(await ask(undefined), [401, 'FST_TENANCY_TOKEN_MISSING'])
  })

  t.test('a token that was good is not good for ever, whatever the cache says', async (t) => {
    let isRevoked = false
    const { app } = await tenantApp(t, database, { jwt: { secret: async () => isRevoked ? 'another secret' : TEST_SECRET, verify: { algorithms: ['HS256'], cache: true } } }, routes)
    t.match(await answer(app, tokenOf('acme')), [200, 'acme'])
    isRevoked = true
    t.match(await answer(app, tokenOf('acme')), [401, 'FST_TENANCY_TOKEN_INVALID'])
  })

  t.test('the application may have registered it itself', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(fastifyJwt, { secret: TEST_SECRET })
    await app.register(zakopsTenancy, { mode: 'multi', database: database.appUrl })
    routes(app)
    t.match(await answer(app, tokenOf('acme')), [200, 'acme'])
    t.match(await answer(app, `Bearer ${forge({ alg: 'HS512' }, good, TEST_SECRET, 'sha512')}`), [401, 'FST_TENANCY_TOKEN_INVALID'])
    t.match(await answer(app, `Bearer ${forge(HS256, { tenant_id: 'acme' })}`), [401, 'FST_TENANCY_TOKEN_INVALID'], 'exp is required')
  })

  t.test('what cannot be used is refused at the start, with a code', async (t) => {
    const start = async (jwt: unknown, before?: (app: FastifyInstance) => unknown) => {
      const app = Fastify()
      t.teardown(() => app.close())
      await before?.(app)
      const options = { mode: 'multi', database: database.appUrl } as const
      await app.register(zakopsTenancy, jwt === undefined ? options : Object.assign({ jwt: { secret: '' } }, options, { jwt }))
    }
    const refused = { code: 'FST_TENANCY_OPTIONS_INVALID' }
    await t.rejects(start(undefined), { ...refused, message: /jwt is required in multi mode/ })
    await t.rejects(start({}), { ...refused, message: /missing secret/ })
    await t.rejects(start('a secret'), refused)
    await t.rejects(start({ secret: TEST_SECRET, namespace: 'api' }), { ...refused, message: /namespace/ })
    await t.rejects(start({ secret: rsa.publicKey }), refused)
    await t.rejects(start({ secret: { public: rsa.publicKey } }), { ...refused, message: /jwt\.verify\.algorithms/ })
    await t.rejects(start({ secret: TEST_SECRET, verify: { ignoreExpiration: true } }), { ...refused, message: /ignoreExpiration/ })
    await t.rejects(start({ secret: TEST_SECRET, verify: { algorithms: ['none'] } }), refused)
    await t.rejects(start({ secret: TEST_SECRET }, (app) => app.register(fastifyJwt, { secret: TEST_SECRET })), { ...refused, message: /jwt must be left out/ })
    await t.rejects(start(undefined, (app) => app.register(fastifyJwt, { secret: TEST_SECRET, namespace: 'api' })), { ...refused, message: /jwt is required/ })
  })

  t.test('a bad token does not reach the database', async (t) => {
    const { app } = await tenantApp(t, database, { registryCacheMs: 1, agree: { header: 'x-tenant-id' } }, routes)
    const isDone = { good: false }
    const good = await database.admin.begin(async (tx) => {
      await tx`lock table zakops_tenancy.tenants in access exclusive mode`
      const reply = answer(app, tokenOf('acme')).finally(() => { isDone.good = true })
      for (const token of ['x.y.z', forge(HS256, { tenant_id: 'acme', exp: 1 }), forge(HS256, { exp })]) await answer(app, `Bearer ${token}`)
      await app.inject({ url: '/', headers: { authorization: tokenOf('acme'), 'x-tenant-id': 'globex' } })
      await sleep(100)
      t.notOk(isDone.good, 'while the registry is locked, a good token waits and a bad one is refused')
      return { reply }
    })
    t.match(await good.reply, [200, 'acme'])
  })
})

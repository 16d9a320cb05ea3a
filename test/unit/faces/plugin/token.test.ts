import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import fastifyJwt, { type FastifyJWTOptions } from '@fastify/jwt'
import Fastify from 'fastify'
import t from 'tap'
import { openTokens } from '../../../../lib/faces/plugin/token.ts'

const secret = 'a secret of this file'
const exp = Math.floor(Date.now() / 1_000) + 3_600

function sign (payload: object, key = secret): string {
  const signed = ['{"alg":"HS256"}', JSON.stringify(payload)].map((text) => Buffer.from(text).toString('base64url')).join('.')
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

/** Tells of a request how its token was read, and what it says; the handler spoils `request.user` for whoever gets it next. */
async function readerOf (t: { teardown (fn: () => unknown): void }, jwt: FastifyJWTOptions, isRegisteredBefore = false) {
  const app = Fastify()
  t.teardown(() => app.close())
  if (isRegisteredBefore) await app.register(fastifyJwt, jwt)
  const tokens = await openTokens(app, isRegisteredBefore ? undefined : jwt)
  app.get('/', async (request) => {
    const recalled = tokens.recall(request)
    const answer = { how: recalled === undefined ? 'read' : 'recalled', payload: recalled ?? await tokens.read(request), user: JSON.stringify(request.user) }
    if (typeof request.user === 'object') Reflect.set(request.user, 'spoilt', true)
    return answer
  })
  return async (...authorizations: readonly string[]) => {
    const headers: Record<string, string | string[]> = authorizations.length === 0 ? {} : { authorization: authorizations.map((token) => `Bearer ${token}`) }
    const reply = await app.inject({ method: 'GET', url: '/', headers })
    return reply.json<Record<string, unknown>>()
  }
}

const refused = { code: 'FST_TENANCY_TOKEN_INVALID' }

t.test('a token that comes again', async (t) => {
  t.test('is recalled, with the same payload and a user of its own', async (t) => {
    const ask = await readerOf(t, { secret })
    const payload = { tenant_id: 'acme', sub: 'someone', exp, roles: ['a'] }
    for (const how of ['read', 'recalled', 'recalled']) t.same(await ask(sign(payload)), { how, payload, user: JSON.stringify(payload) })
    t.match(await ask(sign({ ...payload, tenant_id: 'globex' })), { how: 'read', payload: { tenant_id: 'globex' } })
    t.match(await ask(sign(payload)), { how: 'recalled', payload: { tenant_id: 'acme' } })
  })

  t.test('is another one if anything about it is', async (t) => {
    const ask = await readerOf(t, { secret })
    const token = sign({ tenant_id: 'acme', exp })
    t.match(await ask(token), { how: 'read' })
    t.match(await ask(token), { how: 'recalled' }, 'it is remembered')
    const [head = '', body = '', signature = ''] = token.split('.')
    const other = sign({ tenant_id: 'globex', exp }, 'another secret').split('.')
    const [first = ''] = signature
    const tampered = [`${head}.${body}.${first === 'A' ? 'B' : 'A'}${signature.slice(1)}`, `${head}.${body}.${signature.slice(0, -1)}`, `${head}.${body}.`, `${head}.${body}.${signature}=`,
      `${head}.${other[1]}.${signature}`, `${other[0]}.${other[1]}.${other[2]}`, `${head}.${body}.${other[2]}`, `${head}.${body}`, `${token}.${signature}`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.${signature}`, sign({ tenant_id: 'acme', exp }, 'another secret')]
    for (const wrong of tampered) t.match(await ask(wrong), refused, wrong)
    t.match(await ask(token), { how: 'recalled' }, 'it is remembered still')
    t.match(await ask(token, token), refused, 'and not where it comes twice')
    t.match(await ask(`${token} x`), refused)
    t.match(await ask(), { code: 'FST_TENANCY_TOKEN_MISSING' })
  })

  t.test('is refused when its exp is over', async (t) => {
    const ask = await readerOf(t, { secret })
    const token = sign({ tenant_id: 'acme', exp: Date.now() / 1_000 + 0.5 })
    t.match(await ask(token), { how: 'read' })
    t.match(await ask(token), { how: 'recalled' })
    await sleep(600)
    t.match(await ask(token), refused)
  })

  t.test('is not remembered where it was refused', async (t) => {
    const ask = await readerOf(t, { secret, verify: { allowedAud: 'api' } })
    for (const payload of [{ exp, aud: 'web' }, { exp }, { aud: 'api' }, { aud: 'api', exp: 1 }, { aud: 'api', exp, iat: exp }, { aud: 'api', exp, nbf: exp }]) {
      for (let i = 0; i < 3; i++) t.match(await ask(sign(payload)), refused, JSON.stringify(payload))
    }
    for (const how of ['read', 'recalled']) t.match(await ask(sign({ aud: 'api', exp })), { how })
  })

  t.test('goes where the application wants its user', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    const tokens = await openTokens(app, { secret, decoratorName: 'me' })
    app.get('/', async (request) => {
      if (tokens.recall(request) === undefined) await tokens.read(request)
      return { me: Reflect.get(request, 'me'), user: Reflect.get(request, 'user') ?? null }
    })
    const headers = { authorization: `Bearer ${sign({ sub: 'someone', exp })}` }
    for (let i = 0; i < 2; i++) t.same((await app.inject({ url: '/', headers })).json(), { me: { sub: 'someone', exp }, user: null })
  })
})

t.test('a token that was never good', async (t) => {
  const signed = (text: string, head = '{"alg":"HS256"}'): string => {
    const body = [head, text].map((part) => Buffer.from(part).toString('base64url')).join('.')
    return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
  }

  t.test('is refused, whatever its payload is', async (t) => {
    const ask = await readerOf(t, { secret })
    for (const payload of ['[]', '"acme"', 'null', '7', `{"exp":${exp},"tenant_id":"acme","tenant_id":"globex"}`, `{"exp":"${exp}"}`, '{"exp":null}', '{"__proto__":{"exp":9999999999}}', `{"exp":${exp},"iat":"now"}`,
      `{"exp":${exp},"iat":null}`, `{"exp":${exp},"iat":${exp}}`, '{"exp":1e999}', '']) t.match(await ask(signed(payload)), refused, payload)
    t.match(await ask(signed(`{"exp":${exp},"iat":${exp - 3_600 + 30}}`)), { how: 'read' }, 'clocks may differ by less than a minute')
  })

  t.test('is missing, and not wrong, where nothing was sent', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    const extracted = await openTokens(app, { secret, verify: { extractToken: (request) => Reflect.get(Object(request.headers), 'x-token') } })
    app.get('/', async (request) => await extracted.read(request))
    const answer = async (headers: Record<string, string>) => (await app.inject({ url: '/', headers })).json<Record<string, unknown>>()
    t.match(await answer({}), { code: 'FST_TENANCY_TOKEN_MISSING' })
    t.match(await answer({ 'x-token': signed(`{"exp":${exp},"sub":"me"}`) }), { sub: 'me' })
    t.match(await answer({ 'x-token': 'nonsense' }), refused)
  })
})

t.test('openTokens()', async (t) => {
  const opening = async (options: FastifyJWTOptions | undefined, before?: FastifyJWTOptions) => {
    const app = Fastify()
    t.teardown(() => app.close())
    if (before !== undefined) await app.register(fastifyJwt, before)
    return await openTokens(app, options)
  }

  t.test('says what is wrong with the options of @fastify/jwt', async (t) => {
    const invalid = (message: RegExp) => ({ code: 'FST_TENANCY_OPTIONS_INVALID', message })
    await t.rejects(opening(undefined), invalid(/jwt is required/))
    await t.rejects(opening(undefined, { secret, namespace: 'staff' }), invalid(/jwt is required/), 'one with a namespace is not the one')
    await t.rejects(opening({ secret }, { secret }), invalid(/registered @fastify\/jwt itself/))
    await t.rejects(opening({ secret, namespace: 'staff' }), invalid(/jwt\.namespace/))
    await t.rejects(opening(JSON.parse('{}')), invalid(/refused by @fastify\/jwt/))
  })
})

t.test('the application is asked again', async (t) => {
  const token = sign({ tenant_id: 'acme', sub: 'someone', exp })
  /** Options, and what makes the token a bad one. */
  const cases: ReadonlyArray<readonly [string, () => { readonly jwt: FastifyJWTOptions, readonly revoke: () => unknown }]> = [
    ['a secret function', () => {
      let current = secret
      return { jwt: { secret: async () => current, verify: { algorithms: ['HS256'] } }, revoke: () => { current = 'a new one' } }
    }],
    ['a secret that is changed in place', () => {
      const bytes = Buffer.from(secret)
      return { jwt: { secret: bytes }, revoke: () => bytes.fill(0) }
    }],
    ['trusted', () => {
      let isTrusted = true
      return { jwt: { secret, trusted: () => isTrusted }, revoke: () => { isTrusted = false } }
    }],
    ['trusted, that takes its time', () => {
      let isTrusted = true
      return { jwt: { secret, trusted: async () => isTrusted }, revoke: () => { isTrusted = false } }
    }]
  ]
  for (const [name, open] of cases) {
    for (const isRegisteredBefore of [false, true]) {
      t.test(`${name}${isRegisteredBefore ? ', of a @fastify/jwt of its own' : ''}`, async (t) => {
        const { jwt, revoke } = open()
        const ask = await readerOf(t, jwt, isRegisteredBefore)
        for (let i = 0; i < 2; i++) t.match(await ask(token), { how: 'read' })
        revoke()
        t.match(await ask(token), refused)
      })
    }
  }

  t.test('formatUser', async (t) => {
    let calls = 0
    const ask = await readerOf(t, { secret, formatUser: () => ({ call: ++calls }) })
    for (let i = 1; i <= 3; i++) t.match(await ask(token), { how: 'read', user: JSON.stringify({ call: i }) })
  })

  t.test('a matcher that changes its mind', async (t) => {
    let allowed = 'us'
    const ask = await readerOf(t, { secret, verify: { allowedIss: Object.assign(/x/, { test: (issuer: string) => issuer === allowed }) } })
    const issued = sign({ iss: 'us', exp })
    for (let i = 0; i < 2; i++) t.match(await ask(issued), { how: 'read' })
    allowed = 'them'
    t.match(await ask(issued), refused)
  })

  t.test('where @fastify/jwt is its own, because it may have a trusted that nobody sees', async (t) => {
    const ask = await readerOf(t, { secret }, true)
    for (let i = 0; i < 3; i++) t.match(await ask(token), { how: 'read' })
  })
})

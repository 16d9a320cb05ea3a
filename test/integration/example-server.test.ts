import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { buildServer } from '../../examples/server/app.ts'
import { seedTenant } from '../../examples/server/seed.ts'
import { createTenancy } from '../../lib/index.ts'
import { signToken } from '../../lib/faces/testing/index.ts'
import type { TenancyOptions } from '../../lib/index.ts'
import { type TestDatabase, type TestScope, testDatabase } from '../support/database.ts'
import { TEST_SECRET, tokenOf } from '../support/tokens.ts'

const migrations = fileURLToPath(new URL('../../examples/server/migrations', import.meta.url))
const TENANTS = ['acme', 'globex'] as const
const FIRST_TITLES: Readonly<Record<string, string>> = { acme: 'Anvils for the desert', globex: 'Weather machine' }

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** An answer without the random id of its refusal. */
function withoutId ({ status, body }: Answer): Answer {
  return { status, body: { ...Object(body), errorId: undefined } }
}

interface Call {
  readonly method?: string
  readonly path: string
  readonly authorization?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
}

type Client = (call: Call) => Promise<Answer>

/** Sends over a few sockets that are kept alive, so that one socket carries requests of both tenants. */
function createClient (t: TestScope, address: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  t.teardown(() => agent.destroy())
  return ({ method = 'GET', path, authorization, headers, body }) => new Promise((resolve, reject) => {
    const call = request(address + path, {
      agent,
      method,
      headers: { ...headers, ...(authorization && { authorization }), ...(body && { 'content-type': 'application/json' }) }
    }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
    })
    call.on('error', reject)
    call.end(body && JSON.stringify(body))
  })
}

async function listen (t: TestScope, app: FastifyInstance): Promise<Client> {
  t.teardown(() => app.close())
  return createClient(t, await app.listen({ port: 0, host: '127.0.0.1' }))
}

/** The example as `npm start` builds it: provisioned and seeded by the owner, served by the application's role. */
async function startExample (t: TestScope, isolation: NonNullable<TenancyOptions['isolation']>): Promise<{ readonly call: Client, readonly database: TestDatabase }> {
  const database = await testDatabase(t)
  const tenancy = await createTenancy({ mode: 'multi', isolation, migrations, database: database.appUrl, ownerDatabase: database.ownerUrl })
  for (const tenant of TENANTS) await seedTenant(tenancy, tenant)
  for (const tenant of TENANTS) await seedTenant(tenancy, tenant)
  await tenancy.close()
  const app = await buildServer({ mode: 'multi', isolation, database: database.appUrl, jwt: { secret: TEST_SECRET }, registryCacheMs: 1, logLevel: 'silent' })
  return { call: await listen(t, app), database }
}

function rowsOf (answer: Answer): readonly unknown[] {
  return Array.isArray(answer.body) ? answer.body : [answer.body]
}

function tenantsIn (answer: Answer): readonly string[] {
  return [...new Set(rowsOf(answer).map((row) => String(Object(row).tenant_id)))]
}

interface Outcome {
  readonly tenant: string
  readonly status: number
  readonly tenants: readonly string[]
}

/** Reads and writes of both tenants, all at once. */
async function sendMixedRequests (call: Client, count: number): Promise<readonly Outcome[]> {
  return await Promise.all(Array.from({ length: count }, async (_, i) => {
    const tenant = TENANTS[i % 3 === 0 ? 0 : 1]
    const calls: readonly Call[] = [
      { path: '/deals' }, { path: '/deals/1' }, { path: '/deals/2/approvals' }, { method: 'POST', path: '/deals', body: { title: `deal ${i}` } }
    ]
    const answer = await call({ path: '/deals', ...calls[i % calls.length], authorization: tokenOf(tenant) })
    return { tenant, status: answer.status, tenants: tenantsIn(answer) }
  }))
}

function isWrong ({ tenant, tenants }: Outcome): boolean {
  return tenants.some((other) => other !== tenant)
}

for (const isolation of ['schema+rls', 'schema', 'rls'] as const) {
  t.test(`the example server (${isolation})`, async (t) => {
    const { call, database } = await startExample(t, isolation)

    t.test('shows each tenant its own rows, for the same ids', async (t) => {
      for (const tenant of TENANTS) {
        const authorization = tokenOf(tenant)
        const list = await call({ path: '/deals', authorization })
        t.equal(rowsOf(list).length, 3, 'seeding twice does not double')
        t.strictSame(tenantsIn(list), [tenant])
        t.match(await call({ path: '/deals/1', authorization }), { status: 200, body: { id: '1', tenant_id: tenant, title: FIRST_TITLES[tenant] } })
        t.match(await call({ path: '/deals/none', authorization }), { status: 404 })
        t.strictSame(await call({ path: '/me', authorization }), { status: 200, body: { id: tenant, name: `${tenant.charAt(0).toUpperCase()}${tenant.slice(1)} Corporation` } })
      }
    })

    t.test('writes where the token says, whatever the body says', async (t) => {
      const made = await call({ method: 'POST', path: '/deals', authorization: tokenOf('acme'), body: { title: 'Portable hole', tenant_id: 'globex' } })
      t.match(made, { status: 201, body: { tenant_id: 'acme', title: 'Portable hole' } })
      const path = `/deals/${String(Object(made.body).id)}`
      t.match(await call({ path, authorization: tokenOf('acme') }), { status: 200 })
      t.match(await call({ path, authorization: tokenOf('globex') }), { status: 404 })
      t.match(await call({ method: 'POST', path: '/deals', authorization: tokenOf('acme'), body: { title: '' } }), { status: 400 })
    })

    t.test('decides about a deal in one transaction', async (t) => {
      const path = '/deals/3/approvals'
      const made = await call({ method: 'POST', path, authorization: tokenOf('acme'), body: { decision: 'rejected' } })
      t.match(made, { status: 201, body: { tenant_id: 'acme', deal_id: '3', decision: 'rejected' } })
      t.match(await call({ path: '/deals/3', authorization: tokenOf('acme') }), { body: { stage: 'rejected' } })
      t.match(await call({ path: '/deals/3', authorization: tokenOf('globex') }), { body: { stage: 'inbound' } })
      t.equal(rowsOf(await call({ path, authorization: tokenOf('acme') })).length, 1)
      t.strictSame((await call({ path, authorization: tokenOf('globex') })).body, [])
      t.match(await call({ method: 'POST', path: '/deals/none/approvals', authorization: tokenOf('acme'), body: { decision: 'approved' } }), { status: 404 })
    })

    t.test('gives no wrong row to 200 concurrent requests on kept-alive sockets', async (t) => {
      const outcomes = await sendMixedRequests(call, 200)
      t.strictSame(outcomes.filter(({ status }) => status !== 200 && status !== 201), [], 'every request was served')
      t.strictSame(outcomes.filter(({ tenants }) => tenants.length === 0), [], 'and saw rows')
      t.strictSame(outcomes.filter(isWrong), [], 'of its own tenant only')
    })

    t.test('gives wrong rows without the policies, and this test sees them', { skip: isolation !== 'rls' && 'schemas hold alone' }, async (t) => {
      await database.admin`alter table shared.deals disable row level security`
      t.not((await sendMixedRequests(call, 20)).filter(isWrong).length, 0)
    })
  })
}

t.test('who is served in multi mode', async (t) => {
  const { call, database } = await startExample(t, 'schema+rls')
  const path = '/deals'

  t.test('refuses a missing or bad token with 401', async (t) => {
    const forged = `Bearer ${signToken({ tenant_id: 'acme' }, { secret: 'a guess that is long enough to be a secret' })}`
    const expired = `Bearer ${signToken({ tenant_id: 'acme' }, { secret: TEST_SECRET, expiresIn: -60 })}`
    const endless = tokenOf('acme', { exp: undefined })
    for (const authorization of [undefined, 'Bearer', 'Bearer nonsense', forged, expired, endless]) {
      t.match(await call({ path, authorization }), { status: 401 }, authorization?.slice(0, 20) ?? 'none')
    }
  })

  t.test('refuses a token without a usable claim with 403', async (t) => {
    for (const claim of [undefined, null, '', ['acme'], { id: 'acme' }, 1, 'acme"', 'x'.repeat(57)]) {
      t.match(await call({ path, authorization: tokenOf('acme', { tenant_id: claim }) }), { status: 403 }, JSON.stringify(claim) ?? 'no claim')
    }
  })

  t.test('answers an unknown and a suspended tenant alike', async (t) => {
    t.match(await call({ path, authorization: tokenOf('globex') }), { status: 200 }, 'it is served before')
    const unknown = await call({ path, authorization: tokenOf('hooli') })
    await database.admin`update zakops_tenancy.tenants set status = 'suspended' where id = 'globex'`
    t.teardown(() => database.admin`update zakops_tenancy.tenants set status = 'active' where id = 'globex'`)
    const suspended = await call({ path, authorization: tokenOf('globex') })
    t.match(unknown, { status: 403, body: { code: 'FST_TENANCY_TENANT_DENIED' } })
    t.notSame(suspended, unknown, 'each has an id of its own')
    t.strictSame(withoutId(suspended), withoutId(unknown))
    t.match(await call({ path, authorization: tokenOf('acme') }), { status: 200 }, 'the other one is served on')
  })

  t.test('lets no header choose the tenant', async (t) => {
    const answer = await call({ path: '/deals/1', authorization: tokenOf('acme'), headers: { 'x-tenant-id': 'globex' } })
    t.match(answer, { status: 200, body: { tenant_id: 'acme', title: FIRST_TITLES['acme'] } })
    t.match(await call({ path, headers: { 'x-tenant-id': 'acme' } }), { status: 401 })
  })

  t.test('needs no token where a route needs no tenant', async (t) => {
    t.strictSame(await call({ path: '/health' }), { status: 200, body: { ok: true } })
    t.strictSame(await call({ path: '/health', authorization: 'Bearer nonsense' }), { status: 200, body: { ok: true } })
  })
})

t.test('single mode serves its tenant without a token, and ignores headers', async (t) => {
  const { appUrl, ownerUrl } = await testDatabase(t)
  const roles = { migrations, database: appUrl, ownerDatabase: ownerUrl }
  const multi = await createTenancy({ mode: 'multi', ...roles })
  for (const tenant of TENANTS) await seedTenant(multi, tenant)
  await multi.close()
  const single = await createTenancy({ mode: 'single', tenantId: 'acme', ...roles })
  await seedTenant(single, 'acme')
  await single.close()
  const call = await listen(t, await buildServer({ mode: 'single', tenantId: 'acme', database: appUrl, logLevel: 'silent' }))
  for (const headers of [{}, { 'x-tenant-id': 'globex' }, { authorization: tokenOf('globex') }, { authorization: 'nonsense' }]) {
    t.match(await call({ path: '/deals/1', headers }), { status: 200, body: { tenant_id: 'acme', title: FIRST_TITLES['acme'] } })
  }
  t.match(await call({ path: '/me' }), { body: { id: 'acme' } })
})

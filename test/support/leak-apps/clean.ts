import Fastify, { type FastifyInstance } from 'fastify'
import zakopsTenancy, { requireTenant } from '../../../lib/index.ts'
import type { TestTenancyOptions } from '../../../lib/faces/testing/index.ts'
import { Loader } from './loader.ts'
import { addResources } from './resources.ts'

/** Nothing but create, read, change and delete, of all five resources. */
export async function cleanCrud (options: TestTenancyOptions): Promise<FastifyInstance> {
  return await crudOf(5, options)
}

/** The same of the first `count` of them. */
export async function crudOf (count: number, options: TestTenancyOptions): Promise<FastifyInstance> {
  const app = Fastify()
  // Beside the plugin, which is registered on a child.
  app.get('/metrics', async () => 'up 1')
  await app.register(async (api) => {
    await api.register(zakopsTenancy, options)
    api.get('/health', { config: { tenancy: false } }, async () => ({ ok: true }))
    api.get('/me', async ({ tenant }) => ({ id: tenant?.id }))
    addResources(api, count)
  })
  return app
}

const IMPORTED = { type: 'object', properties: { id: { type: 'string' }, title: { type: 'string' } }, required: ['id', 'title'] }

interface Job {
  readonly tenantId: string
  readonly dealId: string
}

/** What leaks easily, done right: a loader for each request, a cache by tenant, transactions, jobs with their tenant. */
export async function cleanRich (options: TestTenancyOptions): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(zakopsTenancy, options)
  const cache = new Map<string, unknown>()
  const jobs: Job[] = []

  app.get('/whoami', { config: { tenancy: 'optional' } }, async ({ tenant }) => ({ id: tenant?.id ?? null }))
  app.get<{ Params: { id: string } }>('/loaded-deals/:id', async ({ params }, reply) => {
    const deals = new Loader(async (ids) => await app.sql`select * from deals where id = any(${[...ids]})`)
    const [deal] = await Promise.all([deals.load(params.id), deals.load('nobody')])
    return deal ?? reply.code(404).send({ message: 'There is none.' })
  })
  app.get('/cached-deals', async () => {
    const key = `${requireTenant().id}:deals`
    if (!cache.has(key)) cache.set(key, await app.sql`select * from deals order by id`)
    return cache.get(key)
  })
  app.get('/deal-count', async () => await app.sql`select count(*)::int as deals, sum(amount)::int as amount from deals`)
  app.get('/approved', { config: { tenancy: { readOnly: true } } }, async (_request, reply) => {
    reply.header('cache-control', 'private, max-age=60')
    return await app.sql`select d.title, a.comment from approvals a join deals d on d.id = a.deal_id`
  })
  app.post<{ Params: { id: string } }>('/deals/:id/approvals', { config: { tenancy: { transaction: true } } }, async ({ params }, reply) => {
    const [deal] = await app.sql`update deals set stage = 'approved' where id = ${params.id} returning id`
    if (deal === undefined) return reply.code(404).send({ message: 'There is none.' })
    const [approval] = await app.sql`insert into approvals (deal_id, decision) values (${params.id}, 'approved') returning *`
    return reply.code(201).send(approval)
  })
  app.post<{ Body: { id: string, title: string } }>('/imported/deals', { schema: { body: IMPORTED } }, async ({ body }, reply) => {
    // The key is the client's: it is free for one tenant whatever the other has, until it is taken.
    const [deal] = await app.sql`insert into deals ${app.sql(body)} on conflict (tenant_id, id) do nothing returning *`
    return deal === undefined ? reply.code(409).send({ message: 'This is there already.' }) : reply.code(201).send(deal)
  })
  app.post<{ Params: { id: string } }>('/deals/:id/runs', async ({ params }, reply) => {
    const [deal] = await app.sql`select id from deals where id = ${params.id}`
    if (deal === undefined) return reply.code(404).send({ message: 'There is none.' })
    jobs.push({ tenantId: requireTenant().id, dealId: params.id })
    return reply.code(202).send({ queued: true })
  })

  const worker = setInterval(() => {
    for (const { tenantId, dealId } of jobs.splice(0)) {
      app.tenancy.runWithTenant(tenantId, async () => await app.sql`insert into agent_runs (deal_id, agent) values (${dealId}, 'screener')`).catch(() => {})
    }
  }, 20)
  app.addHook('onClose', async () => { clearInterval(worker) })
  return app
}

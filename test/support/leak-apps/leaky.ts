import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import postgres from 'postgres'
import zakopsTenancy from '../../../lib/index.ts'
import type { SeedContext, TestTenancyOptions } from '../../../lib/faces/testing/index.ts'
import { Loader } from './loader.ts'
import { addResources } from './resources.ts'

type Plant = (app: FastifyInstance, options: TestTenancyOptions) => void

/** Each leak by the route that has it. */
export const LEAKS: Readonly<Record<string, Plant>> = {
  // The five of the issue.
  'GET /cached-deals' (app) {
    const cache = new Map<string, unknown>()
    app.get('/cached-deals', async () => {
      if (!cache.has('deals')) cache.set('deals', await app.sql`select * from deals order by id`)
      return cache.get('deals')
    })
  },
  'GET /loaded-deals/:id' (app) {
    const deals = new Loader(async (ids) => await app.sql`select * from deals where id = any(${[...ids]})`)
    app.get<{ Params: { id: string } }>('/loaded-deals/:id', async ({ params }, reply) => await deals.load(params.id) ?? reply.code(404).send({ message: 'There is none.' }))
  },
  'GET /raw-deals' (app, { database }) {
    const raw = postgres(database, { max: 2 })
    app.addHook('onClose', async () => { await raw.end() })
    app.get('/raw-deals', async ({ tenant }) => {
      await raw`select set_config('search_path', ${`"${tenant?.schema ?? ''}"`}, false), set_config('app.tenant_id', ${tenant?.id ?? ''}, false)`
      return await raw`select * from deals order by id`
    })
  },
  'GET /deal-totals' (app) {
    app.get('/deal-totals', async () => await app.sql`select * from deal_totals`)
  },
  'POST /deals/:id/runs' (app) {
    const jobs: string[] = []
    let worker: NodeJS.Timeout | undefined
    app.addHook('onClose', async () => { clearInterval(worker) })
    app.post<{ Params: { id: string } }>('/deals/:id/runs', async ({ params }, reply) => {
      jobs.push(params.id)
      // Runs for ever as the tenant that happened to come first.
      worker ??= setInterval(() => {
        for (const id of jobs.splice(0)) app.sql`insert into agent_runs (deal_id, agent) values (${id}, 'screener')`.catch(() => {})
      }, 20)
      return reply.code(202).send({ queued: true })
    })
  },
  // More of the kind.
  'POST /deals/:id/screenings' (app) {
    const events = new EventEmitter()
    const jobs: string[] = []
    const worker = setInterval(() => { for (const id of jobs.splice(0)) events.emit('job', id) }, 20)
    app.addHook('onClose', async () => { clearInterval(worker) })
    events.on('job', (id: string) => {
      Promise.resolve(app.sql`insert into agent_runs (deal_id, agent) values (${id}, 'screener')`).catch(() => {})
    })
    app.post<{ Params: { id: string } }>('/deals/:id/screenings', async ({ params }, reply) => {
      jobs.push(params.id)
      const [deal] = await app.sql`select id, title from deals where id = ${params.id}`
      return reply.code(202).send(deal)
    })
  },
  'GET /remembered-deals' (app) {
    let deals: Promise<unknown> | undefined
    app.get('/remembered-deals', async () => {
      deals ??= Promise.resolve(app.sql`select * from deals`)
      return await deals
    })
  },
  'GET /counted-deals' (app) {
    let count: number | undefined
    app.get('/counted-deals', async () => {
      const [row] = await app.sql`select count(*)::int as n from deals`
      count ??= Number(row?.['n'])
      return { count }
    })
  },
  'GET /lazy-deals' (app) {
    let query: PromiseLike<unknown> | undefined
    app.get('/lazy-deals', async () => {
      query ??= app.sql`select * from deals`
      return await query
    })
  },
  'GET /by-url/deals' (app) {
    const answers = new Map<string, string>()
    app.register(async (child) => {
      child.addHook('onRequest', async (request, reply) => {
        const known = answers.get(request.url)
        if (known !== undefined) await reply.type('application/json').send(known)
      })
      child.addHook('onSend', async (request, _reply, payload) => {
        if (typeof payload === 'string') answers.set(request.url, payload)
        return payload
      })
      child.get('/by-url/deals', async () => await app.sql`select * from deals`)
    })
  },
  'GET /current' (app) {
    let current: string | undefined
    app.get('/current', async ({ tenant }) => {
      current = tenant?.id
      await sleep(3)
      return { tenant: current }
    })
  },
  'GET /chosen-deals' (app) {
    app.get('/chosen-deals', { config: { tenancy: false } }, async ({ headers }) =>
      await app.tenancy.runWithTenant(String(headers['x-tenant-id']), async () => await app.sql`select * from deals`))
  },
  'GET /export' (app) {
    const folder = mkdtempSync(join(tmpdir(), 'leaky-'))
    app.addHook('onClose', async () => { rmSync(folder, { recursive: true }) })
    app.get('/export', async () => {
      const file = join(folder, 'export.csv')
      if (!existsSync(file)) writeFileSync(file, (await app.sql`select title from deals`).map((row) => `${row['title']}\n`).join(''))
      return { file: readFileSync(file).toString('base64') }
    })
  },
  'GET /public-deals' (app) {
    app.get('/public-deals', async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=60')
      return await app.sql`select * from deals order by id`
    })
  },
  'POST /owner-deals' (app, { ownerDatabase }) {
    const owner = postgres(ownerDatabase, { max: 1 })
    app.addHook('onClose', async () => { await owner.end() })
    app.post<{ Body: { title: string } }>('/owner-deals', async ({ body, tenant }, reply) => {
      const rows = await owner.begin(async (tx) => {
        await tx`select set_config('app.tenant_id', ${tenant?.id ?? ''}, true)`
        return await tx`insert into ${tx(`${tenant?.schema ?? ''}.deals`)} (title) values (${body.title}) returning *`
      })
      return reply.code(201).send(rows[0])
    })
  }
}

/** What only the superuser can plant: in the shared schema of `rls`, in each tenant's own else. */
export async function plantInDatabase ({ schema, query }: SeedContext): Promise<void> {
  const [owner] = await query('select nspowner::regrole::text as name from pg_namespace where nspname = $1', [schema])
  await query('set local client_min_messages = error')
  await query(`create or replace view "${schema}".deal_totals as select stage, count(*)::int as deals from "${schema}".deals group by stage`)
  const [app] = await query("select r.rolname::text as name from pg_namespace n, aclexplode(n.nspacl) a join pg_roles r on r.oid = a.grantee where n.nspname = $1 and r.rolname <> $2 and a.privilege_type = 'USAGE'", [schema, owner?.['name']])
  await query(`grant select on "${schema}".deal_totals to "${String(app?.['name'])}"`)
}

/** A service with deals and these leaks. */
export function leaky (...names: readonly string[]): (options: TestTenancyOptions) => Promise<FastifyInstance> {
  return async (options) => {
    const app = Fastify()
    await app.register(zakopsTenancy, options)
    addResources(app, 1)
    for (const name of names) LEAKS[name]?.(app, options)
    return app
  }
}

import fastifyJwt from '@fastify/jwt'
import Fastify, { type FastifyInstance } from 'fastify'
import postgres, { type Sql } from 'postgres'
import zakopsTenancy from 'zakops-tenancy'
import { PLAIN } from '../database/names.ts'
import type { AppName } from '../workers/messages.ts'
import { CONNECTIONS } from './client.ts'
import { quiet } from './quiet.ts'

interface AppPlan {
  readonly app: AppName
  readonly url: string
  readonly secret: string
}

/** Returns the application, ready to listen. The three differ in what stands in front of the route, and in its `sql`. */
export async function openApp ({ app: name, url, secret }: AppPlan): Promise<FastifyInstance> {
  const app = Fastify()
  if (name === 'zakops-tenancy') {
    await app.register(zakopsTenancy, { mode: 'multi', database: url, jwt: { secret }, lanes: { max: CONNECTIONS }, log: quiet })
    addRoute(app, app.sql)
    return app
  }
  if (name === 'jwtVerify') {
    await app.register(fastifyJwt, { secret })
    app.addHook('onRequest', async (request) => { await request.jwtVerify() })
  }
  addRoute(app, postgres(url, { max: CONNECTIONS, connection: { search_path: PLAIN } }))
  return app
}

function addRoute (app: FastifyInstance, sql: Sql): void {
  const params = { type: 'object', properties: { id: { type: 'integer' } } }
  app.get<{ Params: { id: number } }>('/deals/:id', { schema: { params } }, async (request) => {
    const [deal] = await sql`select * from deals where id = ${request.params.id}`
    return deal
  })
}

import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'

/** ZakOps' five resources, as the example's migrations make them. */
export const MIGRATIONS = fileURLToPath(new URL('../../../examples/server/migrations', import.meta.url))

const id = { type: 'object', properties: { id: { type: 'string', minLength: 1, maxLength: 100 } }, required: ['id'] }
const body = (properties: object, required: readonly string[]): object => ({ type: 'object', properties, required, additionalProperties: false })

interface Resource {
  readonly table: string
  readonly create: object
  readonly change: object
}

const text = { type: 'string', minLength: 1, maxLength: 200 }

const RESOURCES: readonly Resource[] = [
  { table: 'deals', create: body({ title: text, amount: { type: 'integer', minimum: 0 } }, ['title']), change: body({ title: text, stage: { type: 'string', enum: ['inbound', 'screening', 'approved'] } }, []) },
  { table: 'agent_runs', create: body({ deal_id: text, agent: text }, ['deal_id', 'agent']), change: body({ agent: text }, ['agent']) },
  { table: 'approvals', create: body({ deal_id: text, decision: { type: 'string', enum: ['approved', 'rejected'] } }, ['deal_id', 'decision']), change: body({ comment: text }, ['comment']) },
  { table: 'audit_logs', create: body({ deal_id: text, action: text }, ['action']), change: body({ action: text }, ['action']) },
  { table: 'user_sessions', create: body({ user_name: text }, ['user_name']), change: body({ user_name: text }, ['user_name']) }
]

/** Adds create, list, read, change and delete of the first `count` of them; `/agent-runs` for `agent_runs`. */
export function addResources (app: FastifyInstance, count = RESOURCES.length): void {
  app.setErrorHandler((error: { code?: string, statusCode?: number, message: string }, _request, reply) => {
    const known: Readonly<Record<string, number>> = { 23503: 409, 23505: 409, 23514: 400 }
    const status = known[error.code ?? ''] ?? error.statusCode ?? 500
    return reply.code(status).send({ statusCode: status, error: error.code, message: known[error.code ?? ''] === undefined ? error.message : 'This cannot be done.' })
  })
  for (const resource of RESOURCES.slice(0, count)) addResource(app, resource)
}

const MISSING = { statusCode: 404, error: 'Not Found', message: 'There is none.' }

function addResource (app: FastifyInstance, { table, create, change }: Resource): void {
  const url = `/${table.replace('_', '-')}`
  const name = app.sql(table)
  app.get(url, async () => await app.sql`select * from ${name} order by created_at desc, id`)
  app.get<{ Params: { id: string } }>(`${url}/:id`, { schema: { params: id } }, async ({ params }, reply) => {
    const [row] = await app.sql`select * from ${name} where id = ${params.id}`
    return row ?? reply.code(404).send(MISSING)
  })
  app.post<{ Body: Record<string, string> }>(url, { schema: { body: create } }, async (request, reply) => {
    const [row] = await app.sql`insert into ${name} ${app.sql(request.body)} returning *`
    return reply.code(201).send(row)
  })
  app.patch<{ Params: { id: string }, Body: Record<string, string> }>(`${url}/:id`, { schema: { params: id, body: change } }, async (request, reply) => {
    const [row] = await app.sql`update ${name} set ${app.sql(request.body)} where id = ${request.params.id} returning *`
    return row ?? reply.code(404).send(MISSING)
  })
  app.delete<{ Params: { id: string } }>(`${url}/:id`, { schema: { params: id } }, async ({ params }, reply) => {
    const rows = await app.sql`delete from ${name} where id = ${params.id} returning id`
    return reply.code(rows.length === 0 ? 404 : 204).send(rows.length === 0 ? MISSING : undefined)
  })
}

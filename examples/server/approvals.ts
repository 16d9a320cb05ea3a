import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { idSchema } from './deals.ts'

const newApprovalSchema = Type.Object({
  decision: Type.Union([Type.Literal('approved'), Type.Literal('rejected')]),
  comment: Type.String({ maxLength: 1000, default: '' })
}, { additionalProperties: false })

const MISSING = { statusCode: 404, error: 'Not Found', message: 'There is no such deal.' }

/** Each handler is one transaction: its statements join it, and all of them happen or none. */
export const approvalRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const readOnly = { tenancy: { readOnly: true } }
  const transaction = { tenancy: { transaction: true } }

  app.get('/', { config: readOnly, schema: { params: idSchema } }, async ({ params }, reply) => {
    const [deal] = await app.sql`select id from deals where id = ${params.id}`
    if (deal === undefined) return reply.code(404).send(MISSING)
    return await app.sql`select * from approvals where deal_id = ${params.id} order by created_at, id`
  })

  app.post('/', { config: transaction, schema: { params: idSchema, body: newApprovalSchema } }, async ({ params, body }, reply) => {
    const [deal] = await app.sql`update deals set stage = ${body.decision} where id = ${params.id} returning id`
    if (deal === undefined) return reply.code(404).send(MISSING)
    const [approval] = await app.sql`
      insert into approvals (deal_id, decision, comment) values (${params.id}, ${body.decision}, ${body.comment}) returning *`
    await app.sql`insert into audit_logs (deal_id, action) values (${params.id}, ${`deal ${body.decision}`})`
    return reply.code(201).send(approval)
  })
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'

export const idSchema = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })

const newDealSchema = Type.Object({
  title: Type.String({ minLength: 1, maxLength: 200 }),
  amount: Type.Integer({ minimum: 0, maximum: 2_000_000_000, default: 0 })
}, { additionalProperties: false })

/** Plain statements: each one is a transaction of its own, with the tenant's settings. */
export const dealRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/', async () => await app.sql`select * from deals order by created_at desc, id`)

  app.get('/:id', { schema: { params: idSchema } }, async ({ params }, reply) => {
    const [deal] = await app.sql`select * from deals where id = ${params.id}`
    return deal ?? reply.code(404).send({ statusCode: 404, error: 'Not Found', message: 'There is no such deal.' })
  })

  app.post('/', { schema: { body: newDealSchema } }, async ({ body }, reply) => {
    const [deal] = await app.sql`insert into deals ${app.sql(body, 'title', 'amount')} returning *`
    return reply.code(201).send(deal)
  })
}

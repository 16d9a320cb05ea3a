import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import postgres from 'postgres'
import type { OpenTenancy } from '../tenancy/index.ts'
import { RefusalBook } from './refusal-book.ts'
import { isRefusal, recordOf } from './refusal-record.ts'
import { contextOf } from './request-state.ts'

/** The header of an answer that has the id of its refusal. */
export const ERROR_ID_HEADER = 'x-tenancy-error-id'

const ids = new WeakMap<FastifyRequest, string>()

/**
 * Gives each request that this plugin or the database refuses an id, in the answer and in the log. The id is random and says
 * nothing; `zakops-tenancy why` tells operators what it stands for. The hook runs for errors alone; a request that is not refused costs one note of its payload.
 */
export function addRefusalHooks (fastify: FastifyInstance, open: OpenTenancy): void {
  const book = open.config.refusals === 'table' ? new RefusalBook(open.noteRefusals, open.config.log ?? fastify.log) : undefined
  fastify.addHook('onError', function nameRefusalHook (request, reply, error, done) {
    if (isRefusal(error) && !ids.has(request)) {
      const record = recordOf(open, request, error)
      ids.set(request, record.errorId)
      reply.header(ERROR_ID_HEADER, record.errorId)
      const { errorId, route: _, reason, ...tenancy } = record
      const details = { errorId, route: request.routeOptions.url, reason, tenancy, err: plainError(error) }
      const message = contextOf(request) === undefined ? 'request refused' : 'statement refused'
      // Strangers, and values that a constraint or type refuses, are everyday, and may be as many as they like.
      if (record.isStranger || /^2[23]/.test(reason)) request.log.info(details, message)
      else request.log.warn(details, message)
      book?.note(record)
    }
    done()
  })
  // Hooks of closing run last first: this one before that of the tenancy.
  if (book !== undefined) fastify.addHook('onClose', async function closeRefusalsHook () { await book.close() })
}

/** What the server adds to its errors are rows and statements: none of that belongs into a log (rule 17). */
function plainError (error: Error): object {
  return error instanceof postgres.PostgresError ? { type: error.name, code: error.code, message: error.message } : error
}

/**
 * Returns the payload of an answer with the id of its refusal in it, where it is a JSON object. Called from a hook that is there
 * anyway: one of its own would be one more for every answer.
 */
export function withErrorId (request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  if (reply.statusCode < 400) return payload
  const errorId = ids.get(request)
  if (errorId === undefined || typeof payload !== 'string' || !/\bjson\b/i.test(String(reply.getHeader('content-type')))) return payload
  try {
    const body: unknown = JSON.parse(payload)
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? JSON.stringify({ ...body, errorId }) : payload
  } catch {
    return payload
  }
}

import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { currentContext, runInContext } from '../../settings/context/index.ts'
import { TransactionEndedError } from '../../words/errors.ts'
import type { TenantContext } from '../../words/types.ts'
import type { OpenTenancy } from '../tenancy/index.ts'
import { contextOf, setContext } from './request-state.ts'
import { type RouteRule, ruleOf } from './route-rule.ts'

/** The open transaction of a request. */
interface RouteTransaction {
  readonly commit: () => void
  readonly rollback: (reason: Error) => void
  /** Settles when the server has answered COMMIT or ROLLBACK. */
  readonly outcome: Promise<void>
  /** The context of the request as it is outside of the transaction. */
  readonly context: TenantContext
}

const transactions = new WeakMap<FastifyRequest, RouteTransaction>()

/**
 * Makes routes with `{ transaction: true }` one transaction: it begins before the handler and its own preHandler hooks,
 * is committed when a payload is about to be sent, and rolled back on an error.
 *
 * WHY HOOKS AND NOT A WRAPPED HANDLER: `reply.send()` inside a handler, `return reply` and callback handlers reach onSend
 * too, a payload that cannot be serialised still rolls back, and routes written before `register()` took effect have it.
 */
export function addTransactionHooks (fastify: FastifyInstance, open: OpenTenancy): void {
  fastify.addHook('preHandler', function beginTransactionHook (request, reply, done) {
    const mode = ruleOf(request).transaction
    const context = contextOf(request)
    if (mode === null || context === undefined) return done()
    begin(open, mode, context, request, reply, done)
  })

  fastify.addHook('onError', function rollbackTransactionHook (request, _reply, error, done) {
    const transaction = take(request)
    if (transaction === undefined) return done()
    transaction.rollback(error)
    const proceed = () => runInContext(transaction.context, done)
    transaction.outcome.then(proceed, proceed)
  })

  fastify.addHook('onSend', function commitTransactionHook (request, _reply, payload, done) {
    const transaction = take(request)
    if (transaction === undefined) return done(null, payload)
    transaction.commit()
    transaction.outcome.then(
      () => runInContext(transaction.context, () => done(null, payload)),
      (error) => runInContext(transaction.context, () => done(error)))
  })
}

function begin (open: OpenTenancy, mode: NonNullable<RouteRule['transaction']>, context: TenantContext, request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  let isBegun = false
  // One turn later, so that `outcome` is there before anything can ask for it.
  const outcome = Promise.resolve().then(() => open.runTransaction(mode, () => new Promise<void>((resolve, reject) => {
    isBegun = true
    transactions.set(request, { commit: resolve, rollback: reject, outcome, context })
    setContext(request, currentContext() ?? context)
    reply.raw.once('close', () => abandon(request))
    done()
  })))
  outcome.catch((error) => { if (!isBegun) done(error) })
}

/** A reply that was hijacked, or whose client went away, never reaches onSend. */
function abandon (request: FastifyRequest): void {
  const transaction = take(request)
  if (transaction === undefined) return
  request.log.warn({ reqId: request.id }, 'the connection was closed before the reply: the transaction of this route is rolled back')
  transaction.rollback(new TransactionEndedError())
}

/** Returns the open transaction once: whoever takes it ends it, and the request is outside of it from then on. */
function take (request: FastifyRequest): RouteTransaction | undefined {
  const transaction = transactions.get(request)
  if (transaction === undefined) return undefined
  transactions.delete(request)
  setContext(request, transaction.context)
  return transaction
}

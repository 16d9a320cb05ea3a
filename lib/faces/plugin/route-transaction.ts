import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { currentContext, runInContext } from '../../settings/context/index.ts'
import { TransactionEndedError } from '../../words/errors/index.ts'
import type { TenantContext } from '../../words/types.ts'
import type { OpenTenancy } from '../tenancy/index.ts'
import { withErrorId } from './refusals.ts'
import { contextOf, setContext } from './request-state.ts'
import { type RouteRule, ruleOf } from './route-rule.ts'

/** The transaction of a request. It stays known after its end: a handler may send twice. */
interface RouteTransaction {
  readonly commit: () => void
  readonly rollback: (reason: Error) => void
  /** Settles when the server has answered COMMIT or ROLLBACK. */
  readonly outcome: Promise<void>
  /** The context of the request as it is outside of the transaction. */
  readonly context: TenantContext
  state: 'open' | 'commit due' | 'commit sent' | 'rolling back' | 'ended'
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

  // Does not wait: while an onError hook runs, Fastify throws at the second send of a handler that sends an error and
  // returns nothing, and nobody catches it. The reply waits in onSend.
  fastify.addHook('onError', function rollbackTransactionHook (request, _reply, error, done) {
    const transaction = transactions.get(request)
    if (transaction?.state !== 'open' && transaction?.state !== 'commit due') return done()
    rollBack(request, transaction, error)
    runInContext(transaction.context, done)
  })

  fastify.addHook('onSend', function commitTransactionHook (request, reply, payload, done) {
    const transaction = transactions.get(request)
    if (transaction === undefined || transaction.state === 'ended') return done(null, withErrorId(request, reply, payload))
    if (transaction.state === 'open') commitSoon(request, transaction)
    const isError = transaction.state === 'rolling back'
    afterOutcome(request, transaction, (error) => error === undefined || isError ? done(null, withErrorId(request, reply, payload)) : done(error))
  })
}

function begin (open: OpenTenancy, mode: NonNullable<RouteRule['transaction']>, context: TenantContext, request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  let isBegun = false
  // One turn later, so that `outcome` is there before anything can ask for it.
  const outcome = Promise.resolve().then(() => open.runTransaction(mode, () => new Promise<void>((resolve, reject) => {
    isBegun = true
    transactions.set(request, { commit: resolve, rollback: reject, outcome, context, state: 'open' })
    setContext(request, currentContext() ?? context)
    reply.raw.once('close', () => abandon(request))
    done()
  })))
  outcome.catch((error) => { if (!isBegun) done(error) })
}

/** A reply that was hijacked, or whose client went away, never reaches onSend. */
function abandon (request: FastifyRequest): void {
  const transaction = transactions.get(request)
  if (transaction?.state !== 'open') return
  request.log.warn('the connection was closed before the reply: the transaction of this route is rolled back')
  rollBack(request, transaction, new TransactionEndedError())
}

/** One turn later, so that a handler that throws right after it has sent still rolls back. */
function commitSoon (request: FastifyRequest, transaction: RouteTransaction): void {
  transaction.state = 'commit due'
  setContext(request, transaction.context)
  setImmediate(() => {
    if (transaction.state !== 'commit due') return
    transaction.state = 'commit sent'
    transaction.commit()
  })
}

function rollBack (request: FastifyRequest, transaction: RouteTransaction, reason: Error): void {
  transaction.state = 'rolling back'
  setContext(request, transaction.context)
  transaction.rollback(reason)
}

/**
 * Goes on with a reply when the transaction has its outcome, outside of the transaction. Every reply of the request waits
 * for it: a handler that sends without returning the reply makes Fastify send a second time, and that one must not
 * overtake the commit of the first.
 */
function afterOutcome (request: FastifyRequest, transaction: RouteTransaction, proceed: (error?: Error) => void): void {
  const step = (error?: Error): void => {
    transaction.state = 'ended'
    try {
      runInContext(transaction.context, () => proceed(error))
    } catch (err) {
      // What the second of two replies throws has nobody else to catch it, and would end the process.
      request.log.error({ err }, 'a reply was sent twice: return what reply.send() returns, or the payload itself')
    }
  }
  transaction.outcome.then(() => step(), step)
}

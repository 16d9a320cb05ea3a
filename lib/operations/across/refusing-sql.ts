import type { TransactionSql } from 'postgres'
import { OperatorMissingError } from '../../words/errors/index.ts'

/** Returns a client that refuses whatever it is asked: the options give no operator. */
export function refusingSql (): TransactionSql {
  const refuse = (): never => { throw new OperatorMissingError() }
  const client: unknown = new Proxy(refuse, {
    apply: refuse,
    // Awaiting it, or logging it, asks nothing of a database.
    get: (_target, name) => typeof name === 'symbol' || name === 'then' ? undefined : refuse()
  })
  if (!isTransactionSql(client)) throw new OperatorMissingError()
  return client
}

function isTransactionSql (client: unknown): client is TransactionSql {
  return typeof client === 'function'
}

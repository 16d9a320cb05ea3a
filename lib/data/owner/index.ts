export { type ShortClientOptions, withShortClient } from './client.ts'
export { takeLock } from './lock.ts'
export { type OwnerConfig, withOwner } from './owner.ts'
export { type TransactionLimits, inTransaction } from './transaction.ts'

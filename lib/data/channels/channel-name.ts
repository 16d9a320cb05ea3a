import { createHash, createHmac } from 'node:crypto'
import { SqlRefusedError } from '../../words/errors/index.ts'

const PREFIX = 'zakops_'
/** 224 bits, so that no two pairs meet, and with the prefix the 63 bytes that PostgreSQL allows. */
const DIGITS = 56

const NO_CHANNEL = 'A channel is a text of at least one character: sql.listen(channel, fn) and sql.notify(channel, payload).'

/**
 * Returns the name on the server of a tenant's channel: another for every pair of tenant and channel, because channels
 * belong to the whole database (G-03). With a key it cannot be worked out without it.
 *
 * @throws {SqlRefusedError} FST_TENANCY_SQL_REFUSED — `channel` is no text.
 */
export function channelName (key: string | undefined, tenantId: string, channel: unknown): string {
  // A half of a surrogate pair has no UTF-8 of its own: two such channels would be one.
  if (typeof channel !== 'string' || channel === '' || /\p{Surrogate}/u.test(channel)) throw new SqlRefusedError(NO_CHANNEL)
  const hash = key === undefined ? createHash('sha256') : createHmac('sha256', key)
  // With the length in front, "a" + "bc" is not "ab" + "c".
  return PREFIX + hash.update(`${tenantId.length}:${tenantId}${channel}`).digest('hex').slice(0, DIGITS)
}

import { SqlRefusedError } from '../../words/errors/index.ts'

/** Why a member of postgres.js is refused on the tenant client, and what to do instead. */
const MEMBERS = {
  subscribe: 'sql.subscribe is refused on the tenant client, because replication ignores row security: subscribe on a connection of your own, outside of requests.',
  largeObject: 'sql.largeObject is refused on the tenant client, because large objects belong to no tenant: store a bytea column.',
  end: 'sql.end would end the connections of every tenant: use app.tenancy.close(), or close the application.',
  close: 'sql.close would end the connections of every tenant: use app.tenancy.close(), or close the application.',
  prepare: 'Prepared transactions are refused on the tenant client, because they outlive their connection and hold locks.'
} as const

/** Returns, for each refused member, a function that throws. */
export function refusedMembers (): Record<keyof typeof MEMBERS, () => never> {
  const refuse = (name: keyof typeof MEMBERS) => () => { throw new SqlRefusedError(MEMBERS[name]) }
  return {
    subscribe: refuse('subscribe'),
    largeObject: refuse('largeObject'),
    end: refuse('end'),
    close: refuse('close'),
    prepare: refuse('prepare')
  }
}

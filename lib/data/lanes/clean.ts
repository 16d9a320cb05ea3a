import { queryOf } from '../wire/index.ts'
import type { Connection } from './connection.ts'
import { Cycle } from './cycle.ts'

// What SQL can leave in a session by functions that no list of statements can refuse (G-02): settings, advisory locks,
// lastval(), cursors, channels, temporary tables. Not DISCARD ALL, which would throw away what is prepared.
const CLEAN = queryOf('reset all;close all;unlisten *;discard temp;discard sequences;' +
  'select 1 where pg_catalog.pg_advisory_unlock_all() is null')

/**
 * Takes away what was left in the session of a connection: queued like any other cycle, in front of whatever comes next,
 * and written when the connection is.
 * A connection that cannot be cleaned ends.
 */
export function cleanSession (connection: Connection): void {
  const cycle = new Cycle({
    receive () {},
    described () {},
    refused () {},
    lost () {},
    finished () {
      connection.isUsed = connection.isMarked = false
      if (cycle.isFailed) connection.fail(new Error('the session could not be cleaned'))
    }
  }, undefined, { kind: 'bare', messages: CLEAN }, false)
  connection.add(cycle)
}

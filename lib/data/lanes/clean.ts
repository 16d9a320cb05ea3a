import { randomInt } from 'node:crypto'
import { queryOf } from '../wire/index.ts'
import type { Connection } from './connection.ts'
import { Cycle } from './cycle.ts'

// What SQL can leave in a session by functions that no list of statements can refuse (G-02): settings, advisory locks,
// lastval(), cursors, channels, temporary tables. Not DISCARD ALL, which would throw away what is prepared.
// The functions return no NULL, so nothing is answered: both are called, and no row is sent.
const CLEAN = 'reset all;close all;unlisten *;discard temp;discard sequences;select 1 where pg_catalog.pg_advisory_unlock_all() is null'

/** With a new seed: whoever has set one would know the next numbers of random(), and no RESET takes it away. */
function cleanMessage (): Buffer {
  return queryOf(`${CLEAN} or pg_catalog.setseed(${randomInt(2 ** 47)} operator(pg_catalog./) 140737488355328.0) is null`)
}

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
  }, undefined, { kind: 'bare', messages: cleanMessage() }, false)
  cycle.isCleaning = true
  connection.add(cycle)
}

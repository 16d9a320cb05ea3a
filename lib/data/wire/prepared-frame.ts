import { randomBytes } from 'node:crypto'
import { BACKEND, SYNC, parseOf } from './messages.ts'
import type { SettingsDialect } from './settings-frame.ts'

/** The statement of a frame that has parameters, as each connection knows it. */
export interface PreparedFrame {
  /** Empty where it has to be parsed each time: behind a pooler that hands out another server connection for each transaction. */
  readonly name: string
  /** What is sent in front of its Bind, and the types of the replies. */
  readonly parse: Buffer
  readonly parseReplies: readonly number[]
  /** What a connection is sent once. */
  readonly once: Pick<SettingsDialect, 'isNaming' | 'setUp' | 'setUpReplies'>
}

const NOTHING = Buffer.alloc(0)

/** Prepares a frame's statement once for each connection, or each time; `body` is its text and the types of its parameters. */
export function prepareFrame (body: Buffer, isNamed: boolean): PreparedFrame {
  if (!isNamed) {
    return { name: '', parse: parseOf('', body), parseReplies: [BACKEND.parseComplete], once: { isNaming: false, setUp: NOTHING, setUpReplies: [] } }
  }
  // Not to be guessed, so that SQL of a user's cannot have prepared it before.
  const name = `zakops_${randomBytes(12).toString('hex')}`
  return {
    name,
    parse: NOTHING,
    parseReplies: [],
    once: { isNaming: true, setUp: Buffer.concat([parseOf(name, body), SYNC]), setUpReplies: [BACKEND.parseComplete, BACKEND.ready] }
  }
}

import type { Description } from '../wire/index.ts'
import type { ServerStatement } from './server-statements.ts'
import type { Statement } from './statements.ts'

/** What is asked of the server between two points at which it is ready. */
export type Request =
  /** Bind, Execute and Sync of a prepared statement; with `execute` a cursor that stays open until its lane ends it. */
  | { readonly kind: 'run', readonly statement: Statement, readonly isNamed: boolean, readonly bind: Buffer, readonly nameEnd: number, readonly cursor?: Buffer | undefined }
  | { readonly kind: 'describe', readonly statement: Statement, readonly isNamed: boolean }
  /** A text in the simple protocol. */
  | { readonly kind: 'text', readonly text: Buffer }
  /** Messages that need no settings, because they read and write nothing: transaction control, and what is ours. */
  | { readonly kind: 'bare', readonly messages: Buffer, readonly isCommit?: boolean }

/** Who asked, and gets the answer. */
export interface CycleOwner {
  /** Part of the answer: whole messages, but for long rows. */
  receive (bytes: Buffer): void
  /** The server was asked for a description in this cycle, or the connection knew it. Comes before any of the answer. */
  described (description: Description): void
  /** Settings of the tenant could not be set, or the server did something else than it was asked: `error` says what. */
  refused (error: Error): void
  /** The server skips what was sent until it gets a Sync, and nobody has sent one yet. */
  skipped? (): void
  /** The server is ready again; nothing more comes. */
  finished (status: number): void
  /** The connection is gone. Nothing more comes. */
  lost (reason: Error): void
}

/** What becomes of one message of an answer. */
export type Verdict = 'pass' | 'swallow' | 'kill' | 'retry' | { readonly instead: Buffer }

/** What was sent in front of a request. */
export interface Front {
  readonly nonce: number
  /** The row that the frame has to be answered with. */
  readonly row: Buffer | undefined
  /** Types of the frame's replies. */
  readonly replies: readonly number[]
  /** How many statements are closed. */
  readonly closes: number
  /** The statement that is run or prepared by name. */
  readonly server: ServerStatement | undefined
  /** Whether it is prepared here. */
  readonly isParsing: boolean
  /** How many characters of a text are not the user's. */
  readonly charactersInFront: number
  /** Whether the server is ready once in front of a text, behind settings that could not be part of it. */
  readonly isReadyInFront: boolean
  /** How many replies come before those to the text, where messages stand in front of it in one transaction. */
  readonly textAt: number
}

/** What stands in front of messages that need no settings. */
export const NOTHING_IN_FRONT: Front = { nonce: 0, row: undefined, replies: [], closes: 0, server: undefined, isParsing: false, charactersInFront: 0, isReadyInFront: false, textAt: 0 }

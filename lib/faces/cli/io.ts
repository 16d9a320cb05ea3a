import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../../settings/config/index.ts'

/** Where text goes: a terminal, a file or another program. */
export type TextStream = Writable & { readonly isTTY?: boolean, readonly columns?: number }

/** What the command line has of the process around it. */
export interface Io {
  readonly env: Environment
  /** The folder that files without a whole path are in. */
  readonly cwd: string
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Results alone. */
  readonly stdout: TextStream
  /** Progress, questions, warnings and errors. */
  readonly stderr: TextStream
}

/** Whether somebody is there who can be asked. */
export function hasTerminal ({ stdin, stderr }: Io): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/** Returns a text of somebody else's as one line that does nothing to a terminal. */
export function plainLine (text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}

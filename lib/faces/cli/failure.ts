import { CommanderError } from 'commander'
import { CommandFailedError, CommandUsageError } from '../../words/errors/index.ts'
import { isOwnError } from '../../words/own-error.ts'
import { type Io, plainLine } from './io.ts'
import { showJson } from './output.ts'
import type { Secrets } from './secrets.ts'
import { inCommands } from './wording.ts'

/** The exit codes. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** An error as `--json` prints it. */
export interface PlainError {
  readonly code: string
  readonly message: string
  /** What led to it, the nearest first; left out where nothing did. */
  readonly because?: readonly string[]
}

/** However long a chain of causes is, its end says no more. */
const MOST_CAUSES = 5

/** Returns what may be said of an error: its own code where it has one of this package's, and no secrets. */
export function plainError (error: unknown, secrets: Secrets): PlainError {
  const known = isOwnError(error) ? error : new CommandFailedError(messageOf(error), { cause: error instanceof Error ? error.cause : undefined })
  const because = causesOf(known).map((cause) => secrets.hide(wordsOf(cause)))
  return { code: known.code, message: secrets.hide(inCommands(known.message)), ...(because.length === 0 ? {} : { because }) }
}

/** Prints why a command was not done, and returns the exit code. The one place where errors become exit codes. */
export function fail (io: Io, error: unknown, { secrets, isJson }: { readonly secrets: Secrets, readonly isJson: boolean }): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
  // What the library prints instead of a message: the help of a command line without a command.
  const isHelp = error instanceof CommanderError && error.code === 'commander.help'
  const meant = error instanceof CommanderError ? new CommandUsageError(usageOf(error, isHelp)) : error
  const plain = plainError(meant, secrets)
  if (isJson) showJson(io.stdout, { error: plain })
  else if (!isHelp) for (const line of linesOf(plain)) io.stderr.write(`${line}\n`)
  return meant instanceof CommandUsageError ? EXIT.usage : EXIT.failed
}

function linesOf ({ code, message, because = [] }: PlainError): readonly string[] {
  return [`error: ${message} (${code})`, ...because.map((cause) => `because: ${plainLine(cause)}`)]
}

function usageOf ({ message }: CommanderError, isHelp: boolean): string {
  return isHelp ? 'A command is missing' : plainLine(message.replace(/^error: /, '')).replace(/\.$/, '')
}

function causesOf (error: Error): readonly unknown[] {
  const causes: unknown[] = []
  for (let cause = error.cause; cause !== undefined && cause !== null && causes.length < MOST_CAUSES; cause = cause instanceof Error ? cause.cause : undefined) causes.push(cause)
  return causes
}

/** What a server says is its own, and stays as it is. */
function wordsOf (error: unknown): string {
  return isOwnError(error) ? inCommands(error.message) : messageOf(error)
}

/** Errors of several attempts at a connection have no message of their own. */
function messageOf (error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}

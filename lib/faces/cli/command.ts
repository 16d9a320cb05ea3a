import type { TenancyConfig } from '../../settings/config/index.ts'
import type { Tenancy } from '../tenancy/index.ts'
import type { PlainError } from './failure.ts'
import type { Io } from './io.ts'
import type { Outcome } from './output.ts'
import type { Progress } from './progress.ts'
import type { Reader } from './readers.ts'
import type { Values } from './values.ts'

/** What follows the name of a command. */
export interface ArgumentSpec {
  /** `<name>`, `[name]` or `[name...]`. */
  readonly usage: string
  readonly description: string
  readonly read?: Reader
}

/** One option of a command. */
export interface OptionSpec {
  /** Such as `--name <text>`. */
  readonly flags: string
  readonly description: string
  readonly read?: Reader
  readonly choices?: readonly string[]
  /** Other options that cannot be given at the same time. */
  readonly conflicts?: readonly string[]
}

/** What a command works with. */
export interface CommandContext {
  readonly io: Io
  readonly values: Values
  readonly progress: Progress
  /** Returns the settings: the configuration file before the environment before defaults. */
  config (): Promise<TenancyConfig>
  /** Returns what may be said of an error that is part of an outcome. */
  plainError (error: unknown): PlainError
  /** Opens the tenancy, calls `fn` and closes it again. */
  withTenancy<T> (fn: (tenancy: Tenancy) => Promise<T>): Promise<T>
  /** Returns when somebody confirmed what is going to be done by typing `wanted`, and throws otherwise. Where it is no tenant's id, `name` says what it is. */
  confirm (wanted: string, what: string, name?: string): Promise<void>
}

/** A command: a file in `commands` each, all of the same form. */
export interface CommandSpec {
  readonly name: string
  readonly description: string
  readonly arguments?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  /** It takes something away, so it has `--yes`, and calls `confirm`. */
  readonly isDestructive?: boolean
  /** It works where there is one fixed tenant too. */
  readonly worksInSingleMode?: boolean
  run (context: CommandContext): Promise<Outcome>
}

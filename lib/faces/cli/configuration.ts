import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type TenancyConfig, type TenancyOptions, resolveConfig } from '../../settings/config/index.ts'
import { CommandConfigError, OptionsInvalidError } from '../../words/errors/index.ts'
import type { TenancyLogger } from '../../words/types.ts'
import { type Io, plainLine } from './io.ts'
import type { Secrets } from './secrets.ts'
import { inCommands } from './wording.ts'

/** The names that are looked for in the working directory. */
export const CONFIG_NAMES = ['zakops-tenancy.config.js', 'zakops-tenancy.config.mjs', 'zakops-tenancy.config.json'] as const

/**
 * Returns the settings of the command line: those of the configuration file, which go before the environment.
 *
 * @throws {CommandConfigError} FST_TENANCY_CLI_CONFIG_UNUSABLE — the file is not there, or holds no options.
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the options cannot be used.
 */
export async function readConfig (io: Io, file: string | undefined, secrets: Secrets): Promise<TenancyConfig> {
  const options = await readOptions(io, file)
  const config = resolveConfig({ ...options, log: options.log ?? linesOn(io, secrets) }, io.env)
  secrets.learn(config)
  return config
}

/** @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the mode is not `multi`. */
export function requireMulti ({ mode }: TenancyConfig): void {
  if (mode !== 'multi') throw new OptionsInvalidError('- this command works on many tenants: set mode to "multi" in the configuration file, or TENANT_MODE=multi.')
}

/** Returns what the configuration file says; nothing where there is none. */
export async function readOptions (io: Io, file: string | undefined): Promise<TenancyOptions> {
  const path = file === undefined ? findFile(io) : resolve(io.cwd, file)
  if (path === undefined) return {}
  const options = path.endsWith('.json') ? await readJson(path) : await readModule(path)
  if (!isOptions(options)) throw new CommandConfigError('it must give the options of createTenancy() as one object, a module as its default export.')
  return options
}

function findFile ({ cwd }: Io): string | undefined {
  const found = CONFIG_NAMES.map((name) => resolve(cwd, name)).filter((path) => existsSync(path))
  if (found.length > 1) throw new CommandConfigError('there are several in this folder, so say which with --config.')
  return found[0]
}

async function readJson (path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    // The parser's message quotes the text, which may be a password.
    throw new CommandConfigError(cause instanceof SyntaxError ? 'it is not JSON.' : 'it cannot be read.', { cause: cause instanceof SyntaxError ? undefined : cause })
  }
}

async function readModule (path: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(path).href)
    return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  } catch (cause) {
    throw new CommandConfigError('it cannot be loaded.', { cause })
  }
}

/** Whether it can be given to what checks every option by itself. */
function isOptions (value: unknown): value is TenancyOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function linesOn ({ stderr }: Io, secrets: Secrets): TenancyLogger {
  const line = (kind: string) => (details: object, message: string) => {
    // Findings are what "doctor" is for: every command would say them again.
    if ('finding' in details) return
    const cause = 'err' in details && details.err instanceof Error ? `: ${details.err.message}` : ''
    stderr.write(`${kind}: ${plainLine(secrets.hide(inCommands(message) + cause))}\n`)
  }
  return { info () {}, warn: line('warning'), error: line('error') }
}

import { openTenancy } from '../tenancy/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { CommandContext, CommandSpec } from './command.ts'
import { readConfig, requireMulti } from './configuration.ts'
import { confirmTyped } from './confirm.ts'
import { EXIT, fail, plainError } from './failure.ts'
import type { Io } from './io.ts'
import { type Outcome, showOutcome } from './output.ts'
import { createProgram } from './program.ts'
import { Progress } from './progress.ts'
import { Secrets } from './secrets.ts'
import type { Values } from './values.ts'

/**
 * Does what a command line says and returns its exit code: 0 done, 1 failed, 2 used wrong. With `--json` exactly one document
 * goes to standard output, of an error too.
 */
export async function main (argv: readonly string[], io: Io): Promise<number> {
  const isJson = wantsJson(argv)
  const secrets = new Secrets(io.env)
  let outcome: Outcome | undefined
  try {
    const program = createProgram(io, isJson, async (spec, values) => { outcome = await perform(spec, values, io, secrets) })
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    return fail(io, error, { secrets, isJson })
  }
  if (outcome === undefined) return EXIT.usage
  showOutcome(io, outcome, isJson)
  return outcome.isFailed === true ? EXIT.failed : EXIT.done
}

/** Whether one JSON document is wanted, also by a command line that cannot be read. What follows `--` is somebody else's. */
export function wantsJson (argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json')
}

async function perform (spec: CommandSpec, values: Values, io: Io, secrets: Secrets): Promise<Outcome> {
  const context = contextOf(spec, values, io, secrets)
  try {
    return await spec.run(context)
  } finally {
    context.progress.end()
  }
}

function contextOf ({ worksInSingleMode = false }: CommandSpec, values: Values, io: Io, secrets: Secrets): CommandContext {
  let read: Promise<TenancyConfig> | undefined
  const config = async (): Promise<TenancyConfig> => {
    read ??= readConfig(io, values.text('config'), secrets)
    const config = await read
    if (!worksInSingleMode) requireMulti(config)
    return config
  }
  return {
    io,
    values,
    config,
    progress: new Progress(io.stderr),
    plainError: (error) => plainError(error, secrets),
    withTenancy: async (fn) => {
      const { tenancy } = await openTenancy(await config())
      try {
        return await fn(tenancy)
      } finally {
        await tenancy.close()
      }
    },
    confirm: async (...question) => {
      if (!values.flag('yes')) await confirmTyped(io, ...question)
    }
  }
}

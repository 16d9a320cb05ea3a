import { createRequire } from 'node:module'
import { Argument, Command, Option } from 'commander'
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts'
import { commands } from './commands/index.ts'
import type { Io } from './io.ts'
import { text } from './readers.ts'
import { Values } from './values.ts'

/** Calls a command with what was written. */
export type Perform = (spec: CommandSpec, values: Values) => Promise<void>

/** Where nobody says how wide it is. */
const COLUMNS = 100

const COMMON: readonly OptionSpec[] = [
  { flags: '--config <file>', description: 'options of createTenancy(), as .js, .mjs or .json (default: zakops-tenancy.config.* in this folder)', read: text },
  { flags: '--json', description: 'print one JSON document' }
]

const YES: OptionSpec = { flags: '-y, --yes', description: 'do not ask' }

/** Returns the parser of the whole command line. It throws where the library would end the process. */
export function createProgram (io: Pick<Io, 'stdout' | 'stderr'>, isJson: boolean, perform: Perform): Command {
  const program = new Command('zakops-tenancy')
    .description('Creates, migrates, checks, moves and retires the tenants of a service.')
    .usage('<command> [options]')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', '\nOptions of createTenancy() come from --config, then from the environment: TENANT_MODE=multi, DATABASE_URL, OWNER_DATABASE_URL, …\nExit codes: 0 done, 1 failed, 2 unknown command, option or value.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => { io.stdout.write(text) },
      writeErr: (text) => { if (!isJson) io.stderr.write(text) },
      // Whoever catches the error prints it.
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? COLUMNS,
      getErrHelpWidth: () => io.stderr.columns ?? COLUMNS
    })
  for (const spec of commands) addCommand(program, spec, perform)
  return program
}

function addCommand (program: Command, spec: CommandSpec, perform: Perform): void {
  const command = program.command(spec.name).description(spec.description).allowExcessArguments(false).helpOption('-h, --help', 'print this help')
  for (const argument of spec.arguments ?? []) command.addArgument(argumentOf(argument))
  for (const option of [...spec.options ?? [], ...(spec.isDestructive === true ? [YES] : []), ...COMMON]) command.addOption(optionOf(option))
  command.action(async () => {
    const options: Readonly<Record<string, unknown>> = command.opts()
    const written: readonly unknown[] = command.processedArgs
    const args = Object.fromEntries(command.registeredArguments.map((argument, index) => [argument.name(), written[index]]))
    await perform(spec, new Values({ ...options, ...args }))
  })
}

function argumentOf ({ usage, description, read }: ArgumentSpec): Argument {
  const argument = new Argument(usage, description)
  return read === undefined ? argument : argument.argParser(read)
}

function optionOf ({ flags, description, read, choices, conflicts }: OptionSpec): Option {
  const option = new Option(flags, description)
  if (read !== undefined) option.argParser(read)
  if (choices !== undefined) option.choices(choices)
  return conflicts === undefined ? option : option.conflicts([...conflicts])
}

function version (): string {
  const manifest: unknown = createRequire(import.meta.url)('zakops-tenancy/package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}

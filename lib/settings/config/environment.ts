import { optionsSchema } from './schema.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false }

/**
 * Reads the settings that the environment gives, and adds what is wrong with them to `problems`.
 *
 * An empty variable counts as absent. Booleans are read by an exact list: `Boolean('false')` would switch the isolation
 * on, and a misspelt "flase" must not switch it off.
 */
export function readEnvironment (environment: Environment, problems: string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {}
  for (const [option, schema] of Object.entries(optionsSchema.properties)) {
    const name: unknown = schema['env']
    if (typeof name !== 'string') continue
    const text = environment[name]
    if (text === undefined || text === '') continue
    settings[option] = schema['type'] === 'boolean' ? parseBoolean(name, text, problems) : text
  }
  return settings
}

function parseBoolean (name: string, text: string, problems: string[]): boolean | undefined {
  const value = Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined
  if (value === undefined) problems.push(`${name} must be "true", "false", "1" or "0".`)
  return value
}

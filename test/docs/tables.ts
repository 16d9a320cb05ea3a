import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { optionsSchema } from '../../lib/settings/config/index.ts'

/** Returns the README's table of options, from the one schema that says what they are. */
export function optionsTable (): string {
  const rows = Object.entries(optionsSchema.properties).flatMap(([name, schema]) => optionRows(name, schema))
  return ['| option | environment | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function optionRows (name: string, schema: Readonly<Record<string, unknown>>): string[] {
  const inner = schema['properties']
  const isGroup = schema['type'] === 'object' && typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0
  if (isGroup) return Object.entries(inner).flatMap(([key, value]) => optionRows(`${name}.${key}`, Object(value)))
  const environment = schema['env'] === undefined ? '' : `\`${String(schema['env'])}\``
  const unit = name.startsWith('timeouts.') || name.endsWith('Ms') ? ' ms' : ''
  const fallback = schema['default'] === undefined ? '' : `\`${String(schema['default'])}\`${unit}`
  return [`| \`${name}\` | ${environment} | ${fallback} | ${String(schema['description'])} |`]
}

/** One error class as its source tells of it. */
export interface ErrorEntry {
  readonly name: string
  readonly code: string
  readonly status: string
  readonly meaning: string
  readonly message: string
}

const DEFINITION = /\/\*\* ([\s\S]*?) \*\/\nexport const (\w+) = createError\('(\w+)',\s*'((?:[^'\\]|\\.)*)', (\d{3})/g

/** Returns every error class of the package. */
export function errorEntries (): readonly ErrorEntry[] {
  const source = readFileSync(fileURLToPath(new URL('../../lib/words/errors.ts', import.meta.url)), 'utf8')
  return [...source.matchAll(DEFINITION)].map(([, meaning = '', name = '', code = '', message = '', status = '']) => ({
    name, code, status, meaning: meaning.replaceAll(/\s*\n \*\s*/g, ' '), message: message.replaceAll('\\\'', '\'').replaceAll('\\n', ' ')
  }))
}

/** Returns the README's table of errors. */
export function errorsTable (): string {
  const rows = errorEntries().map(({ code, status, meaning, message }) => `| \`${code}\` | ${status} | ${meaning} | ${message} |`)
  return ['| code | status | when | message |', '|---|---|---|---|', ...rows].join('\n')
}

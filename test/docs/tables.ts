import { checks, citusChecks, wrongRoleChecks } from '../../lib/operations/audit/checks/index.ts'
import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { REFUSED_NAMES, REFUSED_STATEMENTS } from '../../lib/data/wire/statement-refusals.ts'
import { createProgram } from '../../lib/faces/cli/program.ts'
import { optionsSchema } from '../../lib/settings/config/index.ts'

/** One option, as its schema and the comment above it tell of it. */
export interface OptionEntry {
  readonly name: string
  readonly environment: string
  readonly fallback: string
  readonly meaning: string
  /** The whole comment, as editors show it. */
  readonly comment: string
}

const source = (path: string): string => readFileSync(fileURLToPath(new URL(`../../lib/${path}`, import.meta.url)), 'utf8')

const comments = new Map([...source('settings/config/schema.ts').matchAll(/^ {2}\/\*\* (.*) \*\/\n {2}(\w+): /gm)].map(([, comment = '', name = '']) => [name, comment]))

/** Returns every option, those of groups with the name of their group in front. */
export function optionEntries (): readonly OptionEntry[] {
  return Object.entries(optionsSchema.properties).flatMap(([name, schema]) => entriesOf(name, name, schema))
}

function entriesOf (name: string, key: string, schema: Readonly<Record<string, unknown>>): OptionEntry[] {
  const inner = schema['properties']
  const isGroup = schema['type'] === 'object' && typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0
  if (isGroup) return Object.entries(inner).flatMap(([member, value]) => entriesOf(`${name}.${member}`, member, Object(value)))
  const unit = name.startsWith('timeouts.') || name.endsWith('Ms') ? ' ms' : ''
  const comment = comments.get(key) ?? ''
  return [{
    name,
    environment: schema['env'] === undefined ? '' : `\`${String(schema['env'])}\``,
    fallback: schema['default'] === undefined || typeof schema['default'] === 'object' ? '' : `\`${String(schema['default'])}\`${unit}`,
    meaning: comment.replace(/ (Default|Environment): .*$/, ''),
    comment
  }]
}

/** Returns the README's table of options. */
export function optionsTable (): string {
  const rows = optionEntries().map(({ name, environment, fallback, meaning }) => `| \`${name}\` | ${environment} | ${fallback} | ${meaning} |`)
  return ['| option | environment | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
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
  const areas = [...source('words/errors/index.ts').matchAll(/from '\.\/([a-z-]+\.ts)'/g)].map(([, file]) => source(`words/errors/${file}`))
  return [...areas.join('\n').matchAll(DEFINITION)].map(([, meaning = '', name = '', code = '', message = '', status = '']) => ({
    name, code, status, meaning: meaning.replaceAll(/\s*\n \*\s*/g, ' '), message: message.replaceAll('\\\'', '\'').replaceAll('\\n', ' ')
  }))
}

/** Returns the README's table of errors. */
export function errorsTable (): string {
  const rows = errorEntries().map(({ code, status, meaning, message }) => `| \`${code}\` | ${status} | ${meaning} | ${message} |`)
  return ['| code | status | when | message |', '|---|---|---|---|', ...rows].join('\n')
}

/** Returns the README's table of the SQL that the tenant client refuses. */
export function refusalsTable (): string {
  const rows = [...REFUSED_STATEMENTS, ...REFUSED_NAMES].map(([words, reason]) => `| ${words.map((word) => `\`${word.replace('u&""', 'U&"…"')}\``).join(', ')} | ${reason} |`)
  return ['| word or name | why, and what to do instead |', '|---|---|', ...rows].join('\n')
}

/** Returns what `--help` prints: of the whole, and folded away of each command. */
export function commandLineHelp (): string {
  const program = createProgram({ stdout: new PassThrough(), stderr: new PassThrough() }, false, async () => {})
  const block = (text: string): string => `\`\`\`text\n${text.trim()}\n\`\`\``
  const each = program.commands.map((command) => block(command.helpInformation())).join('\n\n')
  return `${block(program.helpInformation())}\n\n<details><summary>--help of each command</summary>\n\n${each}\n\n</details>`
}

/** Returns the table of what the audit looks for. */
export function checksTable (): string {
  const rows = [...wrongRoleChecks, ...checks, ...citusChecks].map(({ name, severity, isAtStart, message }) => `| \`${name}\` | ${severity} | ${isAtStart ? 'yes' : ''} | ${message} |`)
  return ['| check | severity | at each start | what can happen |', '|---|---|---|---|', ...rows].join('\n')
}

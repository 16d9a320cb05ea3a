import { Kind, type TSchema } from '@sinclair/typebox'
import { Value, ValueErrorType } from '@sinclair/typebox/value'
import { nearest } from './nearest.ts'
import { optionsSchema } from './schema.ts'

/** Returns every way in which `options` differ from the schema, each as one sentence that says what to write. */
export function schemaProblems (options: unknown): string[] {
  const problems = new Map<string, string>()
  for (const error of Value.Errors(optionsSchema, options)) {
    // A missing value is reported twice, as missing and as having no type; the first sentence is the better one.
    if (!problems.has(error.path)) problems.set(error.path, problemAt(error.path, error.type, error.schema))
  }
  return [...problems.values()]
}

/** Returns ` (ENV_NAME)` for an option that the environment can give, to put behind its name. */
export function environmentNameOf (option: string): string {
  const schema: TSchema | undefined = Object.entries(optionsSchema.properties).find(([name]) => name === option)?.[1]
  return typeof schema?.['env'] === 'string' ? ` (${schema['env']})` : ''
}

function problemAt (path: string, type: ValueErrorType, schema: TSchema): string {
  const keys = path.slice(1).split('/')
  const name = keys.join('.')
  if (type === ValueErrorType.ObjectAdditionalProperties) return unknownOption(keys, schema)
  if (type === ValueErrorType.ObjectRequiredProperty) return `${name}${environmentNameOf(name)} is required: ${expected(schema)}.`
  return `${name}${environmentNameOf(name)} must be ${expected(schema)}.`
}

function unknownOption (keys: readonly string[], parent: TSchema): string {
  const name = keys.join('.')
  const known: unknown = parent['properties']
  const words = typeof known === 'object' && known !== null ? Object.keys(known) : []
  const suggestion = nearest(keys.at(-1) ?? '', words)
  return suggestion === undefined
    ? `${name} is not an option. The options are: ${words.join(', ')}.`
    : `${name} is not an option. Did you mean "${suggestion}"?`
}

/** What a value has to be, in words. */
function expected (schema: TSchema): string {
  const choices: unknown = schema['anyOf']
  if (Array.isArray(choices)) return choices.map((choice) => expected(choice)).join(' or ')
  if (schema[Kind] === 'Literal') return JSON.stringify(schema['const'])
  switch (schema['type']) {
    case 'boolean': return 'true or false, not a text'
    case 'number':
    case 'integer': return `a ${schema['type'] === 'integer' ? 'whole ' : ''}number from ${schema['minimum']} to ${schema['maximum']}`
    case 'string': return String(schema['pattern']).startsWith('^[0-9]') ? 'the name or number of a migration' : Number(schema['minLength'] ?? 0) > 1 ? `a text of at least ${schema['minLength']} characters` : schema['pattern'] === undefined ? 'a text that is not empty' : !String(schema['pattern']).includes('tenant') ? '1 to 7 lower-case letters, digits or "_", the first a letter' : 'a pattern such as "{tenant}.example.com"'
    case 'array': return 'a list of texts'
    default: return 'an object'
  }
}

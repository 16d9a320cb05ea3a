import { readSources } from '../scan/index.ts'
import { type CodeText, textsOf } from './texts.ts'
import type { AdoptionPlan } from './plan.ts'
import type { Source } from './source.ts'

/** A place in the code that has to change. */
export interface CodeFinding {
  readonly file: string
  readonly line: number
  /** `name`: a schema in front of a name. `conflict`: ON CONFLICT with a key that is going to begin with the tenant column. `statement`: something that a view does not do. */
  readonly kind: 'name' | 'conflict' | 'statement' | 'path'
  readonly found: string
  readonly advice: string
}

/** Reads the code of a service, and returns every place of it that cannot stay when its tables are tenants'. */
export async function scanCode (folder: string, plan: AdoptionPlan, source: Source): Promise<readonly CodeFinding[]> {
  const files = await readSources(folder, ['.'])
  return files.flatMap(({ name, text: code }) => {
    const texts = /\.sql$/i.test(name) ? [{ text: code, line: 1 }] : textsOf(code)
    return texts.flatMap((text) => findingsIn(text, plan, source).map((finding) => ({ file: name, ...finding })))
  })
}

/** Returns what in a text has to change. */
export function findingsIn ({ text, line }: CodeText, plan: AdoptionPlan, source: Source): ReadonlyArray<Omit<CodeFinding, 'file'>> {
  const found: Array<Omit<CodeFinding, 'file'>> = []
  const add = (kind: CodeFinding['kind'], pattern: RegExp, advice: string, isMeant: (match: RegExpExecArray) => boolean = () => true): void => {
    for (const match of text.matchAll(pattern)) {
      if (isMeant(match)) found.push({ line: line + text.slice(0, match.index).split('\n').length - 1, kind, found: match[0].replaceAll(/\s+/g, ' ').trim(), advice })
    }
  }
  const adopted = new Set(plan.tables.filter(({ class: kind }) => kind !== 'ignore').map(({ name }) => name))
  const sequences = source.tables.flatMap((table) => table.sequences.map(({ name }) => name))
  const schema = `(?<![\\w."$])"?${escape(plan.schema)}"?\\s*\\.\\s*"?(?<name>\\w+)"?`
  const isAdopted = ({ groups }: RegExpExecArray): boolean => adopted.has(groups?.['name'] ?? '')
  add('name', new RegExp(schema, 'gi'), 'leave the schema out: the tenant\'s is on the search_path', (match) => isAdopted(match) || sequences.includes(match.groups?.['name'] ?? ''))
  add('statement', new RegExp(`\\b(?:truncate(?:\\s+table)?|lock\\s+table|copy|alter\\s+table|create\\s+index[^;]*?\\bon)\\s+(?:only\\s+)?${schema}`, 'gi'), 'it works on tables only, and a view stands in the old place from "stamp" on', isAdopted)
  add('statement', new RegExp(`\\b(?:nextval|currval|setval|pg_get_serial_sequence)\\s*\\(\\s*'${schema}`, 'gi'), 'the sequence is where its table is from "enforce" on: let the default of the column draw from it')
  add('statement', /\bon\s+conflict\s+on\s+constraint\s+"?\w+"?/gi, 'a view has no constraints: name the columns')
  add('path', /\bset\s+(?:local\s+|session\s+)?search_path\b[^;]*|set_config\s*\(\s*'search_path'[^;]*/gi, 'the plugin sets the path of the tenant: leave it out')
  if (plan.target === 'rls') add('conflict', /\bon\s+conflict\s*\((?<columns>[^()]*(?:\([^()]*\)[^()]*)*)\)/gi, 'the key begins with tenant_id: write "on conflict do nothing", which works before and after, or "on conflict (tenant_id, …)" in code that runs with the plugin', (match) => isOldKey(match.groups?.['columns'] ?? '', source))
  return found.sort((a, b) => a.line - b.line)
}

function isOldKey (columns: string, { tables }: Source): boolean {
  const written = normal(columns.split(','))
  return tables.some(({ keys }) => keys.some((key) => normal(key.columns) === written))
}

function normal (columns: readonly string[]): string {
  return columns.map((column) => column.toLowerCase().replaceAll(/[\s"()]|::\w+/g, '')).sort().join(',')
}

function escape (text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

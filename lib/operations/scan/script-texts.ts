import type { AllowedSchemas } from '../migrations/index.ts'
import { connectionObjects } from './connection-objects.ts'
import { type TextPart, maskedText } from './masked.ts'
import { UNKNOWN, connectionStrings } from './connection-strings.ts'
import type { Place } from './place.ts'
import { RawClients } from './raw-clients.ts'
import { schemaCalls } from './schema-calls.ts'
import type { SqlText } from './sql-places.ts'
import { type Node, below, calledName, child, children, isNode, word } from './syntax.ts'

/** What a script holds that rules are about. */
export interface ScriptTexts {
  readonly sql: readonly SqlText[]
  readonly places: readonly Place[]
}

const TAGS = /^(sql|tx|trx|db|pg|client|conn|connection|transaction|savepoint|query)$|sql$/i
const SENDERS = new Set(['unsafe', 'query', 'execute', 'raw', 'exec', 'prepare'])
// What no sentence for people begins with.
const LIKE_SQL = new RegExp(`^\\s*(?:${[
  'select\\b[^]*\\bfrom\\b', 'insert\\s+into\\s', 'update\\s+(?:only\\s+)?[\\w."]+\\s+(?:as\\s+\\w+\\s+)?set\\b', 'delete\\s+from\\s', 'merge\\s+into\\s', 'truncate\\s',
  'with\\s+(?:recursive\\s+)?[\\w"]+[^]*?\\bas\\s+(?:not\\s+)?(?:materialized\\s+)?\\(', 'create\\s+(?:or\\s+replace\\s+)?(?:unlogged\\s+|unique\\s+|materialized\\s+)?(?:table|view|index|schema|function|sequence|type|trigger|policy)\\s',
  '(?:alter|drop)\\s+(?:table|view|index|schema|function|sequence|type|role|database|policy)\\s', 'set\\s+(?:local\\s+|session\\s+)?(?:role|search_path|session\\s+authorization|app\\.)', 'reset\\s+(?:role|search_path)'
].join('|')})`, 'i')

/** Reads the SQL, the connection strings, the clients and the schemas of a script from its syntax tree. */
export function readScript (source: string, program: Node, allowed: AllowedSchemas): ScriptTexts {
  const reader = new ScriptReader(source, allowed)
  reader.visit(program, program.start)
  return { sql: reader.sql, places: [...reader.places, ...reader.clients.places] }
}

class ScriptReader {
  readonly sql: SqlText[] = []
  readonly places: Place[] = []
  readonly clients = new RawClients()
  readonly #source: string
  readonly #allowed: AllowedSchemas
  /** Nodes that are known to be sent. */
  readonly #sent = new Set<Node>()

  constructor (source: string, allowed: AllowedSchemas) {
    this.#source = source
    this.#allowed = allowed
  }

  /** Looks at a node and at what is below it. `statement` is where the innermost statement begins that it is in. */
  visit (node: Node, outer: number): void {
    if (node.type === 'ImportDeclaration') return this.clients.noteImport(node)
    const statement = /(Statement|Declaration|Definition|Property)$/.test(node.type) && node.type !== 'BlockStatement' ? node.start : outer
    this.clients.look(node, statement)
    this.places.push(...connectionObjects(node, statement), ...schemaCalls(node, statement, this.#allowed))
    if (node.type === 'CallExpression' && SENDERS.has(calledName(child(node, 'callee')) ?? '')) this.#sent.add(children(node, 'arguments')[0] ?? node)
    if (node.type === 'TaggedTemplateExpression') return this.#visitTagged(node, statement)
    const parts = textParts(node)
    if (parts === undefined) for (const next of below(node)) this.visit(next, statement)
    else this.#take(node, parts, statement, this.#sent.has(node))
  }

  #visitTagged (node: Node, statement: number): void {
    const quasi = child(node, 'quasi')
    const tag = child(node, 'tag')
    if (tag !== undefined) this.visit(tag, statement)
    if (quasi !== undefined) this.#take(quasi, textParts(quasi) ?? [], statement, TAGS.test(calledName(tag) ?? ''))
  }

  /** Takes a text, and goes on with the code inside it. */
  #take (node: Node, parts: readonly TextPart[], statement: number, isSent: boolean): void {
    const range = { from: node.start, to: node.end }
    const covers = [statement, node.start]
    const text = maskedText(this.#source, range, parts, '$1')
    this.places.push(...connectionStrings(maskedText(this.#source, range, parts, UNKNOWN), node.start, covers))
    if (isSent || LIKE_SQL.test(text)) this.sql.push({ text, base: node.start, covers, kind: isSent ? 'sql' : 'maybe' })
    for (const code of codeIn(node)) this.visit(code, statement)
  }
}

/** The parts of a string, a template or several of them with `+` in between; undefined of anything else. */
function textParts (node: Node): readonly TextPart[] | undefined {
  if (node.type === 'Literal') return word(node, 'value') === undefined ? undefined : [{ from: node.start + 1, to: node.end - 1 }]
  // The parser counts a part of a template from its backtick or bracket to the next.
  if (node.type === 'TemplateLiteral') {
    return children(node, 'quasis').map((quasi) => {
      const raw: unknown = Reflect.get(Object(Reflect.get(quasi, 'value')), 'raw')
      return { from: quasi.start + 1, to: quasi.start + 1 + String(raw).length }
    })
  }
  if (!isSum(node)) return undefined
  const parts = operandsOf(node).map(textParts)
  return parts.every((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? [])
}

function isSum (node: Node): boolean {
  return node.type === 'BinaryExpression' && word(node, 'operator') === '+'
}

/** What is added in a sum, and in the sums inside it. In a loop: a text of some thousand pieces is a tree as deep. */
function operandsOf (sum: Node): readonly Node[] {
  const operands: Node[] = []
  const waiting = [sum]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (isSum(node)) waiting.push(...[child(node, 'left'), child(node, 'right')].filter(isNode))
    else operands.push(node)
  }
  return operands.reverse()
}

/** What of a text is code: values in templates, and operands that are no strings. */
function codeIn (node: Node): readonly Node[] {
  if (node.type === 'TemplateLiteral') return children(node, 'expressions')
  return isSum(node) ? operandsOf(node).flatMap((next) => textParts(next) === undefined ? [next] : codeIn(next)) : []
}

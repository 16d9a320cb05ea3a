import { type Place, placeOf } from './place.ts'
import { type Node, calledName, child, children, word } from './syntax.ts'

const DRIVERS = new Set(['postgres', 'pg', 'pg-promise', '@vercel/postgres', '@neondatabase/serverless'])
const CLASSES = new Set(['Pool', 'Client'])

/** Finds database clients that a script opens by itself. */
export class RawClients {
  readonly places: Place[] = []
  /** Names in this file for a driver, or for what makes one of its clients. */
  readonly #makers = new Set<string>()

  noteImport (node: Node): void {
    if (!DRIVERS.has(word(child(node, 'source'), 'value') ?? '') || word(node, 'importKind') === 'type') return
    for (const specifier of children(node, 'specifiers')) {
      if (word(specifier, 'importKind') !== 'type') this.#note(calledName(child(specifier, 'local')))
    }
  }

  /** Looks whether a node opens one. `statement` is where its statement begins. */
  look (node: Node, statement: number): void {
    if (node.type === 'VariableDeclarator') this.#noteRequire(child(node, 'id'), child(node, 'init'))
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return
    const callee = child(node, 'callee')
    const isMember = callee?.type === 'MemberExpression'
    const owner = isMember ? calledName(child(callee, 'object')) : calledName(callee)
    if (owner === undefined || !this.#makers.has(owner)) return
    // `postgres(…)`, `new Pool(…)`, `new pg.Pool(…)`, and not `postgres.toPascal(…)`.
    if (isMember ? node.type === 'NewExpression' && CLASSES.has(calledName(callee) ?? '') : true) this.places.push(placeOf('raw-client', node.start, [statement]))
  }

  #noteRequire (id: Node | undefined, init: Node | undefined): void {
    const isRequire = init?.type === 'CallExpression' && calledName(child(init, 'callee')) === 'require'
    if (!isRequire || !DRIVERS.has(word(children(init, 'arguments')[0], 'value') ?? '')) return
    if (id?.type === 'Identifier') this.#note(calledName(id))
    for (const property of children(id, 'properties')) this.#note(calledName(child(property, 'value')))
  }

  #note (name: string | undefined): void {
    if (name !== undefined) this.#makers.add(name)
  }
}

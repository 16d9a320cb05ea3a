/** A node of the syntax tree, in the form of ESTree. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
}

export function isNode (value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value && 'end' in value
}

/** Returns the node under a name, if there is one. */
export function child (node: Node | undefined, name: string): Node | undefined {
  const found: unknown = node === undefined ? undefined : Reflect.get(node, name)
  return isNode(found) ? found : undefined
}

/** Returns the nodes in a list under a name. */
export function children (node: Node | undefined, name: string): readonly Node[] {
  const found: unknown = node === undefined ? undefined : Reflect.get(node, name)
  return Array.isArray(found) ? found.filter(isNode) : []
}

/** Returns every node right below a node. */
export function below (node: Node): readonly Node[] {
  return Object.values(node).flatMap((value: unknown) => Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [])
}

/** Returns a text under a name. */
export function word (node: Node | undefined, name: string): string | undefined {
  const found: unknown = node === undefined ? undefined : Reflect.get(node, name)
  return typeof found === 'string' ? found : undefined
}

/** Returns what a name or a member is called: `sql` of `app.sql`, `sql<Row>` and `sql`. */
export function calledName (node: Node | undefined): string | undefined {
  if (node?.type === 'Identifier') return word(node, 'name')
  return node?.type === 'MemberExpression' ? word(child(node, 'property'), 'name') : undefined
}

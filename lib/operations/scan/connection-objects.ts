import { isForeignHost } from './connection-strings.ts'
import { type Place, placeOf } from './place.ts'
import { type Node, calledName, child, children, word } from './syntax.ts'

const HOSTS = new Set(['host', 'hostname'])
const PASSWORDS = new Set(['password', 'pass'])
/** What else an object has that says how to log in at a database. */
const BESIDE = new Set(['database', 'db', 'user', 'username'])

/** Returns the hosts and passwords that are written into an object of log-in options. */
export function connectionObjects (node: Node, statement: number): readonly Place[] {
  if (node.type !== 'ObjectExpression') return []
  const texts = children(node, 'properties').flatMap((property) => {
    const name = calledName(child(property, 'key')) ?? word(child(property, 'key'), 'value')
    const value = child(property, 'value')
    return name === undefined ? [] : [{ name, at: value?.start ?? property.start, text: value?.type === 'Literal' ? word(value, 'value') : undefined }]
  })
  if (!texts.some(({ name }) => BESIDE.has(name)) || !texts.some(({ name }) => HOSTS.has(name) || PASSWORDS.has(name))) return []
  return texts.filter(({ name, text = '' }) => text !== '' && (PASSWORDS.has(name) ? texts.some((other) => HOSTS.has(other.name)) : HOSTS.has(name) && isForeignHost(text)))
    .map(({ at }) => placeOf('connection-string', at, [statement]))
}

import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'

setFlagsFromString('--allow-natives-syntax')
const ask: unknown = runInThisContext('(value) => %HasFastProperties(value)')

/** Tells whether V8 holds an object in the way in which it compiles code that uses it. */
export function hasFastProperties (value: unknown): boolean {
  if (typeof ask !== 'function') throw new TypeError('V8 has no %HasFastProperties any more')
  return Reflect.apply(ask, undefined, [value]) === true
}

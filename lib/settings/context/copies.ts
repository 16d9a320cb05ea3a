import { TwoCopiesError } from '../../words/errors/index.ts'

const COPIES = Symbol.for('zakops-tenancy.copies')

/** The addresses of the loaded copies, kept where every copy finds them. */
function loadedCopies (): Set<string> {
  const found: unknown = Reflect.get(globalThis, COPIES)
  if (found instanceof Set) return found
  const copies = new Set<string>()
  Reflect.set(globalThis, COPIES, copies)
  return copies
}

loadedCopies().add(import.meta.url)

/**
 * Throws if this package is loaded more than once, because each copy has a store of its own and code that imports the
 * other copy would see no tenant.
 *
 * @throws {TwoCopiesError} FST_TENANCY_CONTEXT_TWO_COPIES — the addresses are in `cause`.
 */
export function assertSingleCopy (): void {
  const copies = loadedCopies()
  if (copies.size > 1) throw new TwoCopiesError({ cause: new Error([...copies].join('\n')) })
}

/** What only the command line needs: a service that never runs it does without. */
const LIBRARIES = ['commander', 'cli-progress', 'console-table-printer']

/** The newest commander that runs on every Node.js that this package runs on. */
export const INSTALL = 'npm install commander@14 cli-progress console-table-printer'

/** Tells whether every library of the command line is there; `find` throws for one that is not. */
export function hasLibraries (find: (name: string) => unknown): boolean {
  return LIBRARIES.every((name) => {
    try {
      find(name)
      return true
    } catch {
      return false
    }
  })
}

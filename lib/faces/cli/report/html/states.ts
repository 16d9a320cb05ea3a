import type { CellState } from '../../../../operations/audit/index.ts'

/** How a state of a cell is shown: by a shape and a word, so that nobody needs the colour. */
export interface StateLook {
  readonly sign: string
  readonly word: string
  readonly meaning: string
}

/** Every state, the worst first. */
export const STATES: Readonly<Record<CellState, StateLook>> = {
  hole: { sign: '✖', word: 'hole', meaning: 'rows of other tenants can be seen or changed' },
  weak: { sign: '▲', word: 'weak', meaning: 'something was found, and something else still holds' },
  unknown: { sign: '?', word: 'unknown', meaning: 'it could not be looked at' },
  policy: { sign: '●', word: 'policy', meaning: 'own rows only: its policy was tried and held' },
  schema: { sign: '◐', word: 'schema', meaning: 'no policy, in a schema of the tenant\'s own' },
  database: { sign: '■', word: 'database', meaning: 'in a database of the tenant\'s own' },
  common: { sign: '○', word: 'common', meaning: 'nobody\'s rows: all tenants read them, none changes them' },
  closed: { sign: '–', word: 'closed', meaning: 'the application cannot read it' },
  none: { sign: '·', word: 'none', meaning: 'the tenant has no such table' }
}

/** The states that somebody has to look at. */
export const BAD: ReadonlySet<CellState> = new Set<CellState>(['hole', 'weak', 'unknown'])

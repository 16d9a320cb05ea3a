import type { Pieces } from './names.ts'

/**
 * Tells whether a piece changes the search path: SET or RESET of it, or the first argument of `set_config`.
 *
 * A routine may have a path of its own that holds no tenant's schema, or the one that it was made with.
 */
export function changesPath (pieces: Pieces, at: number, schemas: ReadonlySet<string>): boolean {
  const piece = pieces.all[at]
  if (piece?.path[0].toLowerCase() !== 'search_path' || piece.path.length > 1) return false
  if (piece.kind === 'string') return pieces.all[at - 1]?.kind === 'open' && pieces.all[at - 2]?.path.at(-1) === 'set_config'
  const [before = '', first] = [pieces.word(at - 1), pieces.word(at - 2)]
  const isSetting = before === 'set' || before === 'reset' || (['local', 'session'].includes(before) && first === 'set')
  return isSetting && !(pieces.isAbout('function', 'procedure', 'routine') && isHarmlessPath(pieces, at + 1, schemas))
}

function isHarmlessPath ({ all }: Pieces, at: number, schemas: ReadonlySet<string>): boolean {
  if (all[at]?.path[0] === 'from' && all[at + 1]?.path[0] === 'current') return true
  for (let next = at + 1; ; next += 2) {
    const name = all[next]?.path[0]
    if (name === undefined || !(name === '' || name === 'pg_temp' || schemas.has(name))) return false
    if (all[next + 1]?.path[0] !== ',') return true
  }
}

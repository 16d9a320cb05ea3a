/** The type of a tenant column, as far as values of it have to be made up. */
export type ColumnKind = 'text' | 'uuid' | 'number' | 'other'

/** A value of the tenant setting that is tried. */
export interface Attempt {
  /** Undefined: the setting was never set. */
  readonly setting: string | undefined
  /** Whether it names nobody: no row may be seen, and no statement should fail. */
  readonly isNobody: boolean
}

/** An id that no tenant has. */
export const NOBODY = 'zakops-audit-nobody'

/** Two ids for each type where no two tenants are known. */
const MADE_UP: Readonly<Record<ColumnKind, readonly [string, string]>> = {
  text: ['zakops-audit-a', 'zakops-audit-b'],
  uuid: ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'],
  number: ['1999999991', '1999999992'],
  other: ['zakops-audit-a', 'zakops-audit-b']
}

/** Returns two ids for columns of this type: of tenants that are there, or made up. */
export function twoIds (kind: ColumnKind, known: readonly string[]): readonly [string, string] {
  const [a, b] = MADE_UP[kind]
  const fitting = known.filter((id) => kind === 'text' || kind === 'other' || (kind === 'uuid' ? /^[0-9a-f-]{36}$/i.test(id) : /^[0-9]{1,9}$/.test(id)))
  return [fitting[0] ?? a, fitting[1] ?? b]
}

/** Returns the values that are tried: of nobody first, on a connection where the setting was never set. */
export function attemptsOf ([a, b]: readonly [string, string]): readonly Attempt[] {
  return [
    { setting: undefined, isNobody: true },
    { setting: '', isNobody: true },
    { setting: ' ', isNobody: true },
    { setting: '%', isNobody: false },
    { setting: '_', isNobody: false },
    { setting: '*', isNobody: false },
    { setting: `${a},${b}`, isNobody: false },
    { setting: a.slice(0, -1), isNobody: false },
    { setting: a.toUpperCase() === a ? a.toLowerCase() : a.toUpperCase(), isNobody: false },
    { setting: `${a} `, isNobody: false },
    { setting: NOBODY, isNobody: false },
    { setting: a, isNobody: false },
    { setting: b, isNobody: false }
  ]
}

/** Returns the tenants of the rows that are made up for a column of this type; null is a row of nobody. */
export function rowsOf (kind: ColumnKind, [a, b]: readonly [string, string]): ReadonlyArray<string | null> {
  return kind === 'text' ? [a, b, '', ' ', '%', a.toUpperCase(), `${a} `, null] : [a, b, null]
}

/** Tells whether a row of this tenant may be seen and written while the setting has this value: an empty one is nobody's. */
export function isOwn (setting: string | undefined, row: string | null): boolean {
  return setting !== undefined && setting !== '' && row === setting
}

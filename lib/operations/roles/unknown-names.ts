import { nearest } from '../../settings/config/index.ts'

/** Tells whether a value is an object that can be asked for its names. */
export function isRecord (value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns a sentence for each name in `given` that is not known: a misspelt one would be a wish that nobody hears. */
export function unknownNames (place: string, given: object, known: readonly string[]): string[] {
  return Object.keys(given).filter((name) => !known.includes(name)).map((name) => {
    const suggestion = nearest(name, known)
    return suggestion === undefined
      ? `${place}${name} is not known here. The names are: ${known.join(', ')}.`
      : `${place}${name} is not known here. Did you mean "${suggestion}"?`
  })
}

import { InvalidArgumentError } from 'commander'
import { isTenantId } from '../../words/names.ts'

/** Turns what was written into a value, or refuses it. */
export type Reader = (text: string, before: unknown) => unknown

/** A tenant id: refused before anything connects. */
export function tenantId (text: string): string {
  if (!isTenantId(text)) throw new InvalidArgumentError('A tenant id is 1 to 56 letters, digits, "_" or "-", the first a letter or digit.')
  return text
}

/** Any number of tenant ids. */
export function tenantIds (text: string, before: unknown): readonly string[] {
  return [...Array.isArray(before) ? before.map(String) : [], tenantId(text)]
}

/** Returns the reader of a whole number in these bounds. */
export function count (least: number, most: number): Reader {
  return (text) => {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
    return value
  }
}

/** A part of a whole, such as `0.25`. */
export function rate (text: string): number {
  const value = /^[0-9]*\.?[0-9]+$/.test(text) ? Number(text) : NaN
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return value
}

/** The id of a run of migrations. */
export function runId (text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw new InvalidArgumentError('It must be the id of a run, as the report of "migrate" gives it.')
  return text
}

/** The id of a refused request. */
export function errorId (text: string): string {
  if (!/^[0-9a-f]{16}$/.test(text)) throw new InvalidArgumentError('It must be the errorId of an answer: 16 hexadecimal digits.')
  return text
}

/** A text that is not empty. */
export function text (value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return value
}

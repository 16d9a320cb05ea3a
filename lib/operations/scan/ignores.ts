import { tokensOf } from '../migrations/index.ts'
import { type Lines, type Place, placeOf } from './place.ts'
import { type RuleName, isIgnorable } from './rules.ts'

/** A comment of a file, and where it begins. */
export interface Comment {
  readonly text: string
  readonly at: number
}

interface Ignore {
  readonly rule: RuleName
  readonly at: number
  readonly line: number
  isUsed: boolean
}

const IGNORE = /zakops-tenancy-ignore\b[ \t]*(?<rule>[\w-]*)[ \t]*(?::(?<reason>[^\n]*))?/

/** A line that has no code: blank, or a comment. */
const NO_CODE = /^\s*(\/\/|--|\/\*|\*|$)/

/** Returns the comments of SQL. */
export function sqlComments (sql: string, base = 0): readonly Comment[] {
  const comments: Comment[] = []
  let at = base
  for (const { kind, text } of tokensOf(sql)) {
    if (kind === 'space' && /^(--|\/\*)/.test(text)) comments.push({ text, at })
    at += text.length
  }
  return comments
}

/**
 * Returns the places that no comment ignores, and those of comments that cannot be used, or ignore nothing.
 *
 * `zakops-tenancy-ignore <rule>: <reason>` behind code stands for its line, and alone on a line for the statement below.
 */
export function withoutIgnored (places: readonly Place[], comments: readonly Comment[], lines: Lines): readonly Place[] {
  const { ignores, faults } = readIgnores(comments, lines)
  const rest = places.filter((place) => {
    const found = ignores.filter(({ rule, line }) => rule === place.rule && [place.at, ...place.covers].some((at) => lines.lineOf(at) === line))
    for (const ignore of found) ignore.isUsed = true
    return found.length === 0
  })
  return [...rest, ...faults, ...ignores.filter(({ isUsed }) => !isUsed).map(({ at }) => placeOf('ignore-unused', at))]
}

function readIgnores (comments: readonly Comment[], lines: Lines): { readonly ignores: readonly Ignore[], readonly faults: readonly Place[] } {
  const ignores: Ignore[] = []
  const faults: Place[] = []
  for (const { text, at } of comments) {
    const found = IGNORE.exec(text)
    if (found === null) continue
    const { rule = '', reason = '' } = found.groups ?? {}
    if (!isIgnorable(rule)) faults.push(placeOf('ignore-unknown-rule', at))
    else if (reason.replace(/\*\/\s*$/, '').trim() === '') faults.push(placeOf('ignore-without-reason', at))
    else ignores.push({ rule, at, line: lineFor(at, lines), isUsed: false })
  }
  return { ignores, faults }
}

function lineFor (at: number, lines: Lines): number {
  const line = lines.lineOf(at)
  if (lines.text.slice(lines.startOf(line), at).trim() !== '') return line
  let next = line + 1
  while (next <= lines.count && NO_CODE.test(lines.textOf(next))) next++
  return next
}

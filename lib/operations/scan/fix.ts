import type { SourceFile } from './files.ts'
import type { CodeFinding } from './scan.ts'

/** A file as it is, and as it would be without the schemas that can go. */
export interface FileFix {
  readonly file: SourceFile
  readonly text: string
  readonly removed: number
}

/** What stands in front of a name in one piece: not where a string ends in between, or a value. */
const IN_ONE_PIECE = /^(?:"[^"]+"|[A-Za-z_][\w$]*)\s*\.\s*$/

/**
 * Returns the files that change where schemas are left out of names that the tenant's own schema has. Only in queries of
 * scripts: what the name means is then the tenant's own table, which it has to be.
 */
export function fixFiles (files: readonly SourceFile[], findings: readonly CodeFinding[], tenantNames: ReadonlySet<string>): readonly FileFix[] {
  return files.flatMap((file) => {
    const removals = findings.flatMap(({ file: name, rule, severity, removal }) =>
      removal !== undefined && name === file.name && rule === 'schema-name' && severity === 'fatal' && tenantNames.has(removal.name) &&
      IN_ONE_PIECE.test(file.text.slice(removal.from, removal.to))
        ? [removal]
        : [])
    if (removals.length === 0) return []
    const text = [...removals].sort((a, b) => b.from - a.from).reduce((rest, { from, to }) => rest.slice(0, from) + rest.slice(to), file.text)
    return [{ file, text, removed: removals.length }]
  })
}

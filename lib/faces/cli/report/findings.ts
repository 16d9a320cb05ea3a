import { DEFAULT_SERVER, type Finding, type FindingSeverity } from '../../../words/types.ts'

/** What a command that looks for faults came to. */
export interface FindingsReport {
  /** The command, such as `audit`. */
  readonly command: string
  readonly findings: readonly Finding[]
}

/** Every severity, the worst first. */
export const SEVERITIES: readonly FindingSeverity[] = ['fatal', 'warning']

/** Returns the findings, the worst first, and otherwise in the order in which they were found. */
export function byWeight (findings: readonly Finding[]): readonly Finding[] {
  return SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity))
}

/** Tells whether a finding is as bad as this, or worse. */
export function isAtLeast (finding: Finding, severity: FindingSeverity): boolean {
  return SEVERITIES.indexOf(finding.severity) <= SEVERITIES.indexOf(severity)
}

/** Returns how many findings of each severity there are, in words. */
export function countWords (findings: readonly Finding[]): string {
  if (findings.length === 0) return 'nothing was found'
  return SEVERITIES.map((severity) => `${findings.filter((finding) => finding.severity === severity).length} ${severity}`).join(', ')
}

/** Returns where a finding is, in words: the file and line, or the server and the tenant's own database; empty where one place was looked at. */
export function placeWords ({ place, at }: Pick<Finding, 'place' | 'at'>): string {
  if (at !== undefined) return `${at.file}:${at.line}`
  if (place === undefined) return ''
  if (place.database === null) return place.server
  return place.server === DEFAULT_SERVER ? place.database : `${place.server}/${place.database}`
}

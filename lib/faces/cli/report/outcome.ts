import type { FindingSeverity } from '../../../words/types.ts'
import type { Outcome, Row } from '../output.ts'
import { type FindingsReport, byWeight, countWords, isAtLeast, placeWords } from './findings.ts'

/** What of a report is said beside its findings. */
export interface OutcomeRequest {
  /** The findings that make the exit code 1: these and worse. */
  readonly failOn: FindingSeverity
  /** More lines above the table, such as the files that were written. */
  readonly lines?: readonly string[]
  /** More members of the JSON document. */
  readonly json?: Readonly<Record<string, unknown>>
}

/** Returns what a command that looks for faults prints, and whether it failed. */
export function findingsOutcome (report: FindingsReport, { failOn, lines = [], json = {} }: OutcomeRequest): Outcome {
  const findings = byWeight(report.findings)
  return {
    json: { ...json, findings },
    lines: [countWords(findings), ...lines],
    rows: findings.map((finding): Row => ({
      severity: finding.severity,
      check: finding.check,
      place: placeWords(finding),
      object: finding.object,
      message: finding.message,
      repair: finding.repair
    })),
    isFailed: findings.some((finding) => isAtLeast(finding, failOn))
  }
}

import type { OptionSpec } from '../command.ts'
import { text } from '../readers.ts'
import type { Values } from '../values.ts'
import type { FindingSeverity } from '../../../words/types.ts'
import { SEVERITIES } from './findings.ts'

/** What every command that looks for faults can be asked for. */
export const REPORT_OPTIONS: readonly OptionSpec[] = [
  { flags: '--sarif <file>', description: 'write the findings into this file, as SARIF 2.1.0', read: text },
  { flags: '--fail-on <severity>', description: 'exit with 1 from this severity on (default: warning)', choices: SEVERITIES }
]

/** Returns the findings from which on the exit code is 1. */
export function failOnOf (values: Values): FindingSeverity {
  return SEVERITIES.find((severity) => severity === values.text('failOn')) ?? 'warning'
}

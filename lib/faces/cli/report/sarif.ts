import type { Log, ReportingDescriptor, Result } from 'sarif'
import type { Finding, FindingSeverity } from '../../../words/types.ts'
import { type FindingsReport, byWeight, placeWords } from './findings.ts'

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
const LEVELS: Readonly<Record<FindingSeverity, 'error' | 'warning'>> = { fatal: 'error', warning: 'warning' }

/** What GitHub and others sort by: from 0 to 10. */
const WEIGHTS: Readonly<Record<FindingSeverity, string>> = { fatal: '9.0', warning: '5.0' }

/**
 * Returns a report in the Static Analysis Results Interchange Format 2.1.0, for code scanning and editors.
 *
 * A finding in the source points at its line. One in a database has a logical location: its place and the object.
 */
export function sarifOf (report: FindingsReport): string {
  const findings = byWeight(report.findings)
  const names = [...new Set(findings.map(({ check }) => check))]
  const log: Log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: `zakops-tenancy ${report.command}`, rules: names.map((name) => ruleOf(name, findings)) } },
      columnKind: 'utf16CodeUnits',
      results: findings.map((finding) => resultOf(finding, names.indexOf(finding.check)))
    }]
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function ruleOf (name: string, findings: readonly Finding[]): ReportingDescriptor {
  const first = findings.find(({ check }) => check === name)
  const severity = first?.severity ?? 'warning'
  return {
    id: name,
    shortDescription: { text: first?.message ?? name },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { 'security-severity': WEIGHTS[severity], tags: ['security', 'multi-tenancy'] }
  }
}

function resultOf (finding: Finding, ruleIndex: number): Result {
  const { check, severity, object, message, repair, at } = finding
  const place = placeWords(finding.place === undefined ? {} : { place: finding.place })
  const qualified = place === '' ? object : `${place}: ${object}`
  return {
    ruleId: check,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${object}: ${message}${repair === '' ? '' : `\nRepair: ${repair}`}` },
    locations: [{
      ...(at === undefined ? {} : { physicalLocation: { artifactLocation: { uri: uriOf(at.file) }, region: { startLine: at.line } } }),
      logicalLocations: [{ name: object, fullyQualifiedName: qualified, kind: at === undefined ? 'object' : 'member' }]
    }],
    // The same finding of tomorrow is the same alert.
    partialFingerprints: { 'zakopsTenancy/v1': [check, qualified, at === undefined ? '' : at.file].join('|') }
  }
}

/** A path as the URI reference that the format asks for. */
function uriOf (file: string): string {
  return file.split(/[\\/]/).map(encodeURIComponent).join('/')
}

import type { Finding, FindingSeverity } from '../../../../words/types.ts'
import { byWeight, placeWords } from '../findings.ts'
import { escape } from './escape.ts'

const SIGNS: Readonly<Record<FindingSeverity, string>> = { fatal: '✖', warning: '▲' }

/** Returns the findings, each check once with all that it found, and the SQL that repairs each. */
export function findingsHtml (findings: readonly Finding[]): string {
  if (findings.length === 0) return '<p class="good">Nothing was found.</p>'
  const ordered = byWeight(findings)
  const groups = new Map<string, Finding[]>()
  for (const finding of ordered) {
    const key = `${finding.severity} ${finding.check}`
    groups.set(key, [...groups.get(key) ?? [], finding])
  }
  return [...groups.values()].map(groupHtml).join('\n')
}

function groupHtml (findings: readonly Finding[]): string {
  const [first] = findings
  if (first === undefined) return ''
  const { check, severity, message } = first
  return `<article class="finding ${severity}">
<h3><span class="badge ${severity}"><span aria-hidden="true">${SIGNS[severity]}</span> ${severity}</span> ${escape(check)}</h3>
<p>${escape(message)}</p>
${findings.map(oneHtml).join('\n')}
</article>`
}

function oneHtml (finding: Finding): string {
  const where = placeWords(finding)
  return `<div class="one"><p class="object"><b>${escape(finding.object)}</b>${where === '' ? '' : ` <small>in ${escape(where)}</small>`}</p>
<pre><code>${escape(finding.repair)}</code></pre></div>`
}

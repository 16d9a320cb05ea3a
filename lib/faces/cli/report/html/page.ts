import type { AuditReport } from '../../../../operations/audit/index.ts'
import { type FindingsReport, SEVERITIES } from '../findings.ts'
import { escape } from './escape.ts'
import { findingsHtml } from './findings.ts'
import { matrixHtml } from './matrix.ts'
import { STYLE } from './style.ts'

/** What a page is made of. */
export type PageReport = FindingsReport & Pick<AuditReport, 'matrix' | 'places' | 'skipped'>

/**
 * Returns one page that needs nothing else: what was found on top, then what each tenant can reach of each table, then each
 * finding with the SQL that repairs it. It runs no script, and may load nothing.
 */
export function htmlOf (report: PageReport, now: Date = new Date()): string {
  const { findings, matrix, skipped } = report
  const title = `zakops-tenancy ${report.command}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p class="soft">${escape(now.toISOString())}</p>
${verdict(report)}
${tiles(report)}
${skipped.map((line) => `<p class="soft">${escape(line)}</p>`).join('\n')}
</header>
<main>
<section aria-labelledby="matrix"><h2 id="matrix">What each tenant can reach</h2>
${matrixHtml(matrix)}</section>
<section aria-labelledby="findings"><h2 id="findings">Findings</h2>
${findingsHtml(findings)}</section>
</main>
</body>
</html>
`
}

function verdict ({ findings }: PageReport): string {
  const [fatal = 0, warnings = 0] = SEVERITIES.map((severity) => findings.filter((finding) => finding.severity === severity).length)
  if (fatal > 0) return `<p class="verdict fatal"><span aria-hidden="true">✖</span> ${fatal} fatal: one tenant can see or change rows of another</p>`
  if (warnings > 0) return `<p class="verdict warning"><span aria-hidden="true">▲</span> Nothing fatal, ${warnings} to look at</p>`
  return '<p class="verdict good"><span aria-hidden="true">●</span> Nothing was found</p>'
}

function tiles ({ findings, matrix: { rows, tables }, places }: PageReport): string {
  const holes = rows.filter(({ cells }) => cells.includes('hole')).length
  const facts: ReadonlyArray<readonly [string, number]> = [
    ['tenants', rows.length], ['with a hole', holes], ['tables', tables.length], [places.length === 1 ? 'database' : 'databases', places.length], ['findings', findings.length]
  ]
  return `<ul class="tiles">${facts.map(([name, number]) => `<li><b>${number}</b> ${escape(name)}</li>`).join('')}</ul>`
}

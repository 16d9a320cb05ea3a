import { auditEverywhere } from '../../../operations/audit/index.ts'
import type { CommandSpec } from '../command.ts'
import { writeNew } from '../files.ts'
import { text } from '../readers.ts'
import { REPORT_OPTIONS, failOnOf, findingsOutcome, htmlOf, sarifOf } from '../report/index.ts'

export const audit: CommandSpec = {
  name: 'audit',
  description: 'Look for every way in which one tenant could see or change rows of another, in all databases. Changes nothing.',
  options: [
    ...REPORT_OPTIONS,
    { flags: '--html <file>', description: 'write a page into this file: tenants by tables, and the findings', read: text }
  ],
  worksInSingleMode: true,
  // Without opening the tenancy, which what is to be found would refuse.
  run: async ({ io, values, config, progress }) => {
    const report = await auditEverywhere(await config(), { onPlace: ({ done, total }) => progress.show({ done, total, what: 'databases' }) })
    const files = [['sarif', sarifOf], ['html', htmlOf]] as const
    const lines = [...report.skipped]
    for (const [format, write] of files) {
      const file = values.text(format)
      if (file === undefined) continue
      await writeNew(io, file, write({ command: 'audit', ...report }))
      lines.push(`${format === 'html' ? 'the page' : 'the SARIF log'} is in ${file}`)
    }
    const { findings, places, skipped, matrix } = report
    return findingsOutcome({ command: 'audit', findings }, { failOn: failOnOf(values), lines, json: { places, skipped, matrix } })
  }
}

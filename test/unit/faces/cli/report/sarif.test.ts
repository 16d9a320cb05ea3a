import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t from 'tap'
import { findingsOutcome, sarifOf } from '../../../../../lib/faces/cli/report/index.ts'
import type { Finding } from '../../../../../lib/words/types.ts'

// The package has no default export that both compilers read in the same way.
const load = createRequire(import.meta.url)
const { default: Ajv }: { default: new (options: object) => { compile (schema: unknown): { (document: unknown): boolean, readonly errors?: unknown } } } = load('ajv-draft-04')

/** The official schema of OASIS, as schemastore keeps it. */
const schema: unknown = JSON.parse(readFileSync(new URL('../../../../support/sarif/sarif-2.1.0-rtm.5.json', import.meta.url), 'utf8'))
const isSarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, logger: false }).compile(schema)

const FINDINGS: readonly Finding[] = [
  { check: 'key-without-tenant', severity: 'warning', object: 'shared.deals', message: 'It tells what others have.', repair: 'drop index x', place: { server: 'second', database: null } },
  { check: 'role-bypassrls', severity: 'fatal', object: 'app', message: 'No policy holds it.', repair: 'alter role app nobypassrls' },
  { check: 'qualified-name', severity: 'warning', object: 'zakops.deals', message: 'It names a schema.', repair: '', at: { file: 'src/a b/deals.ts', line: 7 } }
]

t.test('sarifOf()', async (t) => {
  t.test('returns what the official schema asks for', async (t) => {
    const log: unknown = JSON.parse(sarifOf({ command: 'audit', findings: FINDINGS }))
    t.equal(isSarif(log), true, JSON.stringify(isSarif.errors))
    t.match(log, {
      version: '2.1.0',
      runs: [{
        tool: { driver: { name: 'zakops-tenancy audit', rules: [{ id: 'role-bypassrls' }, { id: 'key-without-tenant' }, { id: 'qualified-name' }] } },
        results: [
          { ruleId: 'role-bypassrls', ruleIndex: 0, level: 'error', message: { text: /alter role app nobypassrls/ } },
          { ruleId: 'key-without-tenant', ruleIndex: 1, level: 'warning', locations: [{ logicalLocations: [{ fullyQualifiedName: 'second: shared.deals' }] }] },
          { ruleId: 'qualified-name', locations: [{ physicalLocation: { artifactLocation: { uri: 'src/a%20b/deals.ts' }, region: { startLine: 7 } } }] }
        ]
      }]
    })
    t.equal(isSarif({ ...Object(log), version: '2.0.0' }), false, 'and the schema can refuse')
  })

  t.test('returns a run without results where nothing was found', async (t) => {
    const log: unknown = JSON.parse(sarifOf({ command: 'audit', findings: [] }))
    t.equal(isSarif(log), true, JSON.stringify(isSarif.errors))
    t.match(log, { runs: [{ results: [] }] })
  })
})

t.test('findingsOutcome()', async (t) => {
  const report = { command: 'audit', findings: FINDINGS }

  t.test('tells the worst first, and where it is', async (t) => {
    const { lines, rows, json } = findingsOutcome(report, { failOn: 'warning', lines: ['more'], json: { places: 2 } })
    t.same(lines, ['1 fatal, 2 warning', 'more'])
    t.match(rows, [{ severity: 'fatal', object: 'app', place: '' }, { place: 'second' }, { place: 'src/a b/deals.ts:7' }])
    t.match(json, { places: 2, findings: [{ check: 'role-bypassrls' }, {}, {}] })
    t.same(findingsOutcome({ command: 'audit', findings: [] }, { failOn: 'warning' }).lines, ['nothing was found'])
  })

  t.test('fails from the severity on that it is asked for', async (t) => {
    const [warning, fatal] = FINDINGS
    t.ok(warning !== undefined && fatal !== undefined)
    const isFailed = (findings: readonly Finding[], failOn: 'fatal' | 'warning') => findingsOutcome({ command: 'audit', findings }, { failOn }).isFailed
    t.equal(isFailed(FINDINGS, 'fatal'), true)
    t.equal(isFailed(FINDINGS.slice(0, 1), 'fatal'), false)
    t.equal(isFailed(FINDINGS.slice(0, 1), 'warning'), true)
    t.equal(isFailed([], 'warning'), false)
  })
})

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { htmlOf } from '../../../../../lib/faces/cli/report/index.ts'
import type { CellState, ReachMatrix } from '../../../../../lib/operations/audit/index.ts'
import type { Finding } from '../../../../../lib/words/types.ts'

const EVIL = '<script>alert(1)</script>"\'&\u202E\u0007'
const HOME = { server: 'default', database: null }
const FINDINGS: readonly Finding[] = [
  { check: 'unprotected-table', severity: 'fatal', object: `shared.${EVIL}`, message: `All see all. ${EVIL}`, repair: `alter table "${EVIL}"\nenable row level security` },
  { check: 'key-without-tenant', severity: 'warning', object: 'shared.deals', message: 'It tells.', repair: 'drop index x', place: { server: EVIL, database: null } }
]

function matrixOf (tenants: number, tables: number, stateOf: (row: number, column: number) => CellState): ReachMatrix {
  return {
    tables: Array.from({ length: tables }, (_, at) => `table_${at}`),
    rows: Array.from({ length: tenants }, (_, row) => ({
      tenantId: `tenant-${row}`, isolation: 'schema+rls' as const, place: HOME, cells: Array.from({ length: tables }, (_, column) => stateOf(row, column))
    }))
  }
}

const page = (matrix: ReachMatrix, findings = FINDINGS) => htmlOf({ command: 'audit', findings, matrix, places: [HOME], skipped: [EVIL] })

t.test('htmlOf()', async (t) => {
  t.test('lets no name become an element, an attribute or a direction of writing', async (t) => {
    const matrix = matrixOf(1, 1, () => 'hole')
    const html = page({ tables: [EVIL], rows: matrix.rows.map((row) => ({ ...row, tenantId: EVIL, place: { server: EVIL, database: EVIL } })) })
    t.notMatch(html, /<script/i)
    for (const character of ['\u202E', '\u0007']) t.notOk(html.includes(character))
    t.match(html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;&#39;&amp;/, 'it is text')
    t.equal([...html.matchAll(/"/g)].length % 2, 0)
  })

  t.test('needs nothing from elsewhere, and may load nothing', async (t) => {
    const html = page(matrixOf(2, 2, () => 'policy'))
    t.notMatch(html, /\b(src|href)=|@import|url\(|https?:/)
    t.match(html, /http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/)
  })

  t.test('says on top what was found, and the repair of each finding', async (t) => {
    t.match(page(matrixOf(1, 1, () => 'hole')), /1 fatal: one tenant can see or change rows of another[\s\S]*enable row level security/)
    t.match(page(matrixOf(1, 1, () => 'weak'), FINDINGS.slice(1)), /Nothing fatal, 1 to look at/)
    t.match(page(matrixOf(1, 1, () => 'policy'), []), /Nothing was found/)
    t.match(page({ tables: [], rows: [] }, []), /There are no tenants/)
  })

  t.test('shows every state by a sign and a word', async (t) => {
    const states = ['hole', 'weak', 'unknown', 'policy', 'schema', 'database', 'common', 'closed', 'none'] as const
    const html = page(matrixOf(1, states.length, (_, column) => states[column] ?? 'none'))
    for (const state of states) t.match(html, new RegExp(`<td class="cell ${state}"[^>]*><span aria-hidden="true">[^<]+</span><span class="word">${state}</span>`))
    t.match(html, /<th scope="row">tenant-0/)
  })

  t.test('puts tenants with a hole first, and folds up many without', async (t) => {
    const html = page(matrixOf(300, 30, (row, column) => row === 217 && column === 12 ? 'hole' : 'policy'))
    t.match(html, /1 tenant with something to look at[\s\S]*tenant-217[\s\S]*<details><summary>299 tenants with nothing to look at<\/summary>[\s\S]*tenant-0/)
    t.ok(html.length < 2_500_000)
  })
})

// Debian's name; GitHub's machines have the other one.
const chromium = ['chromium', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0)

t.test('the page in a real browser', { skip: chromium === undefined ? 'Chromium is not installed (apt-get install chromium)' : false, timeout: 120_000 }, async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'page.html')
  writeFileSync(file, page(matrixOf(60, 20, (row, column) => row === 7 && column === 3 ? 'hole' : row % 3 === 0 ? 'schema' : 'policy')))
  const browse = (...args: readonly string[]) => spawnSync(chromium ?? '', [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage', `--user-data-dir=${join(folder, 'profile')}`, ...args, `file://${file}`
  ], { encoding: 'utf8', timeout: 60_000 })

  t.test('is read as it was written', async (t) => {
    const { stdout } = browse('--dump-dom')
    t.equal([...stdout.matchAll(/<td class="cell/g)].length, 60 * 20, 'every cell is there')
    t.equal([...stdout.matchAll(/<td class="cell hole"/g)].length, 1)
    t.notMatch(stdout, /<script/i, 'and no element of somebody else')
  })

  t.test('shows the hole in its colour', async (t) => {
    const picture = join(folder, 'page.png')
    browse('--window-size=1400,1200', '--hide-scrollbars', `--screenshot=${picture}`)
    t.same([...readFileSync(picture).subarray(1, 4)], [...Buffer.from('PNG')])
    t.ok(readFileSync(picture).length > 20_000, 'something is drawn')
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandScene, keepsSecrets } from '../../support/command-line.ts'

t.test('zakops-tenancy audit', async (t) => {
  const scene = await commandScene(t)
  const { admin, cwd, run } = scene
  for (const id of ['acme', 'globex']) await run(['create', id])
  await run(['create', 'initech', '--isolation', 'rls'])
  // The server that tests use may be an old one.
  const isSilent = async () => (await run(['audit', '--fail-on', 'fatal', '--json'])).json

  t.test('is done and silent where nothing is wrong', async (t) => {
    t.match(await isSilent(), { places: [{ server: 'default', database: null }], skipped: [], matrix: { tables: ['docs'], rows: [{ tenantId: 'acme', cells: ['policy'] }, {}, { tenantId: 'initech', isolation: 'rls' }] } })
    const ran = await run(['audit', '--fail-on', 'fatal'])
    t.equal(ran.code, 0)
    keepsSecrets(t, scene, ran)
  })

  t.test('fails from the severity on that it is asked for', async (t) => {
    await admin.unsafe('create unique index oracle on shared.docs (body)')
    t.equal((await run(['audit', '--fail-on', 'fatal'])).code, 0)
    t.match(await run(['audit']), { code: 1, out: /key-without-tenant\t\t?shared\.oracle on shared\.docs/ })
    t.match(await run(['audit', '--fail-on', 'nothing']), { code: 2 })
    await admin.unsafe('drop index shared.oracle')
  })

  t.test('finds what a start would refuse, and writes it into files', async (t) => {
    await admin.unsafe('alter table shared.docs disable row level security')
    const ran = await run(['audit', '--json', '--sarif', 'audit.sarif', '--html', 'audit.html'])
    t.match(ran, { code: 1, json: { findings: [{ check: 'unprotected-table', severity: 'fatal' }] } })
    keepsSecrets(t, scene, ran)
    t.match(JSON.parse(readFileSync(join(cwd, 'audit.sarif'), 'utf8')), { runs: [{ results: [{ ruleId: 'unprotected-table', level: 'error' }] }] })
    t.match(readFileSync(join(cwd, 'audit.html'), 'utf8'), /<td class="cell hole" title="initech · docs: [\s\S]*alter table shared\.docs enable row level security/)
    t.equal((await run(['audit', '--html', 'audit.html'])).code, 1, 'and writes over nothing')
    t.match(await run(['audit', '--html', 'audit.html', '--json']), { json: { error: { code: 'FST_TENANCY_CLI_FILE_EXISTS' } } })
  })
})

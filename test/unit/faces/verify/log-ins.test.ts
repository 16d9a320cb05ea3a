import t from 'tap'
import { checkLogIns } from '../../../../lib/faces/verify/configuration/log-ins.ts'
import { type TenancyOptions, resolveConfig } from '../../../../lib/settings/config/index.ts'

const found = async (options: TenancyOptions): Promise<unknown> => {
  const verdict = await checkLogIns(resolveConfig(options, {}))
  return 'findings' in verdict ? verdict.findings.map(({ check, object }) => `${check} ${object}`) : verdict
}

t.test('each log-in has a role of its own, in the same database', async (t) => {
  const app = 'postgres://app@db/zakops'
  t.match(await found({ database: app }), { ok: /^1 log-ins/ })
  t.match(await found({ database: app, ownerDatabase: 'postgres://owner@db:5432/zakops', operatorDatabase: 'postgres://operator@db/zakops' }), { ok: /^3 log-ins/ })
  t.same(await found({ database: app, ownerDatabase: app, operatorDatabase: 'postgres://app@db/zakops' }), ['same-role ownerDatabase', 'same-role operatorDatabase'])
  t.same(await found({ database: app, ownerDatabase: 'postgres://owner@db/other', operatorDatabase: 'postgres://operator@db:6543/zakops' }), ['other-database ownerDatabase', 'other-database operatorDatabase'])
})

t.test('an administrator may log in elsewhere, and not as the application', async (t) => {
  const app = 'postgres://app@db/zakops'
  t.match(await found({ database: app, adminDatabase: 'postgres://root@db/postgres' }), { ok: /^2 log-ins/ })
  t.same(await found({ database: app, adminDatabase: 'postgres://app@db/postgres' }), ['same-role adminDatabase'])
})

t.test('options of the driver are log-ins too, under all of their names', async (t) => {
  const owner = 'postgres://owner@localhost:5432/zakops'
  t.match(await found({ database: { user: 'app', database: 'zakops' }, ownerDatabase: owner }), { ok: /./ })
  t.match(await found({ database: { username: 'app', hostname: 'localhost', port: 5432, db: 'zakops' }, ownerDatabase: owner }), { ok: /./ })
  t.same(await found({ database: { username: 'owner', host: 'localhost', port: 5433, database: 'zakops' }, ownerDatabase: owner }), ['same-role ownerDatabase', 'other-database ownerDatabase'])
})

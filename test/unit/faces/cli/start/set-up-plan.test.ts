import t from 'tap'
import { planSetUp } from '../../../../../lib/faces/cli/start/set-up-plan.ts'
import { resolveConfig } from '../../../../../lib/settings/config/index.ts'

const database = 'postgres://app@db/zakops'
const ownerDatabase = 'postgres://owner@db/zakops'
const adminDatabase = { host: 'db', user: 'postgres', database: 'zakops' }

t.test('planSetUp()', async (t) => {
  t.test('names the roles of every server, in whatever form they are given', async (t) => {
    const config = resolveConfig({
      mode: 'multi',
      database,
      ownerDatabase,
      adminDatabase,
      operatorDatabase: 'postgres://operator@db/zakops',
      servers: { eu: { database: { host: 'eu', user: 'app_eu', database: 'zakops' }, ownerDatabase: 'postgres://owner_eu@eu/zakops', adminDatabase: 'postgres://postgres@eu/zakops' } }
    }, {})
    t.same(planSetUp(config), [{ server: 'default', owner: 'owner', app: 'app', operator: 'operator' }, { server: 'eu', owner: 'owner_eu', app: 'app_eu' }])
  })

  t.test('says of each server what is missing, and that it cannot be', async (t) => {
    const config = resolveConfig({ mode: 'multi', database, ownerDatabase, adminDatabase, servers: { eu: { database }, us: { database, adminDatabase } } }, {})
    t.same(planSetUp(config).map(({ server, owner, problem }) => [server, owner, problem]), [
      ['default', 'owner', undefined], ['eu', '', 'its adminDatabase and ownerDatabase are not set'], ['us', '', 'its ownerDatabase is not set']
    ])
  })
})

import t from 'tap'
import { databaseAt, resolveConfig } from '../../../../lib/settings/config/index.ts'

const config = resolveConfig({
  mode: 'multi',
  database: 'postgres://app@db/zakops?sslmode=require',
  ownerDatabase: { host: 'db', user: 'owner', db: 'zakops' },
  servers: { eu: { database: 'postgres://app@eu/zakops' } }
}, {})
const at = (role: 'database' | 'ownerDatabase' | 'adminDatabase', server: string, database: string | null = null) => databaseAt(config, role, { server, database })

t.test('databaseAt()', async (t) => {
  t.test('gives the options of a server as they are', async (t) => {
    t.equal(at('database', 'default'), config.database)
    t.equal(at('database', 'eu'), 'postgres://app@eu/zakops')
    t.equal(at('adminDatabase', 'default'), undefined)
    t.equal(at('ownerDatabase', 'eu'), undefined, 'never another server\'s instead')
  })

  t.test('gives them for another database of the server, in either form', async (t) => {
    t.equal(at('database', 'default', 'zakops acme'), 'postgres://app@db/zakops%20acme?sslmode=require')
    t.same(at('ownerDatabase', 'default', 'zakops_acme'), { host: 'db', user: 'owner', database: 'zakops_acme' }, 'db does not stand beside it')
    t.equal(at('adminDatabase', 'default', 'zakops_acme'), undefined)
  })

  t.test('refuses a server that the options do not name, whatever it is called', async (t) => {
    for (const server of ['us', 'constructor', '__proto__', 'toString']) t.throws(() => at('database', server), { code: 'FST_TENANCY_SERVER_UNKNOWN' }, server)
  })
})

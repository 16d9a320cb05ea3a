import t from 'tap'
import { databaseProblems } from '../../../../lib/settings/config/database.ts'

t.test('databaseProblems()', async (t) => {
  t.test('finds nothing wrong with a URL or options', async (t) => {
    t.same(databaseProblems('database', 'postgres://app:p%40ss@db.example:6432/zakops?sslmode=require&application_name=api'), [])
    t.same(databaseProblems('database', 'postgresql://app@[::1]/zakops'), [])
    t.same(databaseProblems('database', { host: 'db', database: 'zakops', user: 'app', connection: { application_name: 'api' } }), [])
  })

  t.test('refuses connection parameters that would decide the tenant settings or the role', async (t) => {
    for (const name of ['search_path', 'options', 'role', 'session_authorization', 'app.tenant_id', 'replication', 'SEARCH_PATH', 'Options']) {
      t.match(databaseProblems('database', `postgres://app@db/zakops?${name}=x`), [/must not set the connection parameter/], name)
      t.match(databaseProblems('database', { database: 'zakops', user: 'app', connection: { [name]: 'x' } }), [/must not set the connection parameter/], name)
    }
  })

  t.test('refuses options that the lanes set themselves', async (t) => {
    t.match(databaseProblems('database', { database: 'zakops', user: 'app', max: 5 }), [/database\.max is set by this package/])
    t.match(databaseProblems('database', 'postgres://app@db/zakops?max=5'), [/"max"/])
  })

  t.test('requires a database and a user, which would come from the environment else', async (t) => {
    t.match(databaseProblems('database', 'postgres://db'), [/name its database/, /name its user/])
    t.match(databaseProblems('database', {}), [/database\.database is required/, /database\.user is required/])
  })

  t.test('refuses what is no URL, has control characters or names several hosts', async (t) => {
    for (const text of ['zakops', 'mysql://app@db/zakops', 'postgres://a@one,two:5432/zakops', 'postgres://app@db/sec\0user\0postgres', 'postgres://app@db/zakops\r\n']) {
      t.equal(databaseProblems('database', text).length, 1, JSON.stringify(text))
    }
    t.match(databaseProblems('database', { host: 'one,two', database: 'zakops', user: 'app' }), [/one host/])
  })

  t.test('refuses NUL in options, which would add start-up parameters', async (t) => {
    t.equal(databaseProblems('database', { database: 'sec\0user\0postgres', user: 'app' }).length, 1)
    t.equal(databaseProblems('database', { database: 'zakops', user: 'app\0x' }).length, 1)
    t.equal(databaseProblems('database', { database: 'zakops', user: 'app', connection: { application_name: 'x\0options\0-c app.tenant_id=b' } }).length, 1)
    t.equal(databaseProblems('database', 'postgres://app@db/sec%00user%00postgres').length, 1)
    t.equal(databaseProblems('database', 'postgres://app@db/zakops?application_name=x%00options%00-c%20search_path%3Db').length, 1)
  })

  t.test('never shows a value: it may hold a password', async (t) => {
    const text = [...databaseProblems('database', 'mysql://app:hunter2@db'), ...databaseProblems('database', 'postgres://app:hunter2@db/x?role=hunter2')].join('\n')
    t.notMatch(text, /hunter2/)
  })
})

import t from 'tap'
import { databaseProblems } from '../../../../lib/settings/config/database.ts'

t.test('databaseProblems()', async (t) => {
  t.test('finds nothing wrong with a URL or options', async (t) => {
    t.same(databaseProblems('database', 'postgres://app:p%40ss@db.example:6432/zakops?sslmode=require&application_name=api'), [])
    t.same(databaseProblems('database', 'postgresql://app@[::1]/zakops'), [])
    t.same(databaseProblems('database', { host: 'db', database: 'zakops', user: 'app', connection: { application_name: 'api' } }), [])
  })

  t.test('refuses connection parameters that would decide the tenant settings or the role (D-19, P-03)', async (t) => {
    for (const name of ['search_path', 'options', 'role', 'session_authorization', 'app.tenant_id', 'replication', 'SEARCH_PATH', 'Options', 'standard_conforming_strings', 'row_security', 'client_encoding']) {
      t.match(databaseProblems('database', `postgres://app@db/zakops?${name}=x`), [/must not set the connection parameter/], name)
      t.match(databaseProblems('database', { database: 'zakops', user: 'app', connection: { [name]: 'x' } }), [/must not set the connection parameter/], name)
    }
  })

  t.test('refuses options that the lanes set themselves', async (t) => {
    const options = { max: 5, max_pipeline: 0, socket: () => {}, idle_timeout: 1, timeout: 1, max_lifetime: 1, onclose: () => {}, debug: true, target_session_attrs: 'primary' }
    for (const [name, value] of Object.entries(options)) {
      const given = Object.assign({ database: 'zakops', user: 'app' }, { [name]: value })
      t.match(databaseProblems('database', given), [new RegExp(`database\\.${name} is set by this package`)], name)
    }
    t.match(databaseProblems('database', 'postgres://app@db/zakops?max=5'), [/"max"/])
  })

  t.test('says which option of ours decides what a parameter would', async (t) => {
    t.match(databaseProblems('database', 'postgres://app@db/zakops?statement_timeout=5'), [/"statement_timeout": use the option timeouts\.statement/])
    t.match(databaseProblems('database', { database: 'zakops', user: 'app', connection: { idle_in_transaction_session_timeout: 5 } }), [/timeouts\.transaction/])
  })

  t.test('requires a database and a user, which would come from the environment else', async (t) => {
    t.match(databaseProblems('database', 'postgres://db'), [/name its database/, /name its user/])
    t.match(databaseProblems('database', {}), [/database\.database is required/, /database\.user is required/])
  })

  t.test('refuses what is no URL, has control characters or names several hosts', async (t) => {
    for (const text of ['zakops', 'mysql://app@db/zakops', 'postgres://a@one,two:5432/zakops', 'postgres://app@db/sec\0user\0postgres', 'postgres://app@db/zakops\r\n']) {
      t.equal(databaseProblems('database', text).length, 1, JSON.stringify(text))
    }
    for (const several of [{ host: 'one,two' }, { host: ['one', 'two'] }, { hostname: 'one,two' }, { host: 'one', port: [1, 2] }]) {
      const given: object = { database: 'zakops', user: 'app', ...several }
      t.match(databaseProblems('database', given), [/one host/])
    }
  })

  t.test('refuses NUL in options, which would add start-up parameters (D-19)', async (t) => {
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

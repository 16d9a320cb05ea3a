import t from 'tap'
import { setUpDatabase } from '../../../../lib/operations/roles/index.ts'

const GOOD = { adminDatabase: 'postgres://postgres@127.0.0.1:1/nowhere', owner: { name: 'owner' }, app: { name: 'app' } }

/** What a caller without types gives. */
const setUp = (request: unknown): Promise<unknown> => Promise.resolve(Reflect.apply(setUpDatabase, undefined, [request]))

/** A request that passes every check gets as far as the port that nobody listens on. */
const PASSED = { code: 'FST_TENANCY_DATABASE_UNREACHABLE' }

t.test('setUpDatabase()', async (t) => {
  const refuses = (request: unknown, message: RegExp) => t.rejects(setUp(request), { code: 'FST_TENANCY_OPTIONS_INVALID', message }, String(message))

  t.test('connects when nothing is wrong', async (t) => {
    for (const request of [
      GOOD,
      { ...GOOD, adminDatabase: { host: '127.0.0.1', port: 1, database: 'nowhere', user: 'postgres' }, sharedSchema: 'a', extensionsSchema: 'b' },
      { ...GOOD, owner: { name: 'x'.repeat(63), password: ' ' }, app: { name: 'App "ü"', password: undefined } }
    ]) await t.rejects(setUp(request), PASSED)
  })

  t.test('refuses what is no object', async () => {
    for (const request of [undefined, null, 'postgres://x', [GOOD]]) await refuses(request, /needs an object/)
  })

  t.test('refuses a database that the driver would fill in from the environment', async () => {
    for (const adminDatabase of [undefined, '', null, 7, []]) await refuses({ ...GOOD, adminDatabase }, /adminDatabase is required/)
    for (const adminDatabase of ['localhost', 'postgres://postgres@host', 'postgres://host/database', {}, { database: 'x' }]) await refuses({ ...GOOD, adminDatabase }, /adminDatabase\b/)
  })

  t.test('refuses roles that cannot be', async () => {
    for (const owner of [undefined, null, 'owner', []]) await refuses({ ...GOOD, owner }, /owner must be an object/)
    for (const name of [undefined, '', 7, 'a\0b', 'a\nb', 'ü'.repeat(32), 'pg_owner', 'public', 'none']) await refuses({ ...GOOD, app: { name } }, /app\.name must be/)
    for (const password of ['', 7, null, 'a\0b']) await refuses({ ...GOOD, app: { name: 'app', password } }, /app\.password must be/)
    await refuses({ ...GOOD, app: { name: 'owner' } }, /two roles/)
  })

  t.test('refuses a lock that is neither on nor off', async () => {
    for (const locked of ['true', 1, null]) await refuses({ ...GOOD, locked }, /locked must be true or false/)
  })

  t.test('refuses schemas that cannot be', async () => {
    for (const sharedSchema of ['', 'public', 'Shared', 'tenant_x', 7, null]) await refuses({ ...GOOD, sharedSchema }, /sharedSchema must be/)
    await refuses({ ...GOOD, sharedSchema: 'extensions' }, /two schemas/)
  })

  t.test('names what is near to an unknown name', async () => {
    await refuses({ ...GOOD, adminDatabse: 'x' }, /adminDatabse is not known here\. Did you mean "adminDatabase"/)
    await refuses({ ...GOOD, app: { name: 'app', pasword: 'x' } }, /app\.pasword .*"password"/)
    await refuses({ ...GOOD, somethingElse: 1 }, /The names are: adminDatabase, owner, app/)
  })

  t.test('lists every problem at once', async () => {
    await refuses({ adminDatabase: '', owner: { name: 'pg_x' }, app: {}, schemas: 1 }, /- schemas .*\n- adminDatabase .*\n- owner\.name .*\n- app\.name /)
  })
})

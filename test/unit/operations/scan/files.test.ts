import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { readSources, usualFolders } from '../../../../lib/operations/scan/files.ts'

/** A folder of a service with these files. */
async function serviceWith (t: { testdir (): string }, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = t.testdir()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

t.test('usualFolders()', async (t) => {
  t.test('are those that package.json names', async (t) => {
    t.same(await usualFolders(await serviceWith(t, { 'package.json': '{"zakops-tenancy":{"scan":["code","more"]}}', 'src/a.ts': '' })), ['code', 'more'])
  })

  t.test('are those that services usually have, with their SQL', async (t) => {
    t.same(await usualFolders(await serviceWith(t, { 'package.json': '{"zakops-tenancy":{"scan":[]}}', 'src/a.ts': '', 'routes/b.ts': '', 'migrations/1.sql': '' })), ['src', 'routes', 'migrations'])
  })

  t.test('are all where there is no such folder, and no package.json', async (t) => {
    t.same(await usualFolders(await serviceWith(t, { 'server.ts': '', 'migrations/1.sql': '' })), ['.'])
  })
})

t.test('readSources()', async (t) => {
  t.test('reads scripts and SQL, and not what is built, not ours or a test', async (t) => {
    const folder = await serviceWith(t, {
      'src/b.ts': 'b', 'src/a.sql': 'a', 'src/deep/c.MJS': 'c', 'src/d.md': '', 'src/e.d.ts': '', 'src/f.test.ts': '', 'src/g.min.js': '', 'src/.hidden/h.ts': '', 'src/node_modules/i.js': '', 'src/tests/j.ts': '', 'src/.k.ts': ''
    })
    t.same((await readSources(folder, ['src', 'src/b.ts'])).map(({ name, text }) => [name, text]), [['src/a.sql', 'a'], ['src/b.ts', 'b'], ['src/deep/c.MJS', 'c']], 'each once')
  })

  t.test('reads a file that is named, whatever it is called', async (t) => {
    const folder = await serviceWith(t, { 'src/f.test.ts': 'f', 'tests/a.ts': 'a' })
    t.same((await readSources(folder, ['src/f.test.ts', 'tests'])).map(({ name }) => name), ['src/f.test.ts', 'tests/a.ts'])
    t.same((await readSources(join(folder, 'tests', 'a.ts'), ['.'])).map(({ name }) => name), ['a.ts'], 'a file as the folder has a name too')
  })

  t.test('refuses a folder that is not there, which would pass for clean', async (t) => {
    await t.rejects(readSources(await serviceWith(t, { 'src/a.ts': '' }), ['src', 'scr']), { code: 'FST_TENANCY_OPTIONS_INVALID', message: /"scr" is not there/ })
  })
})

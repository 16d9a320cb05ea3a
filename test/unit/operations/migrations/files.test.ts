import t from 'tap'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readMigrations } from '../../../../lib/operations/migrations/index.ts'

const REFUSED = 'FST_TENANCY_MIGRATION_REFUSED'

const read = async (folder: string) => (await readMigrations(folder, { extensionsSchema: 'extensions' })).tenant

t.test('readMigrations()', async (t) => {
  t.test('reads files in the order of their numbers and leaves others alone', async (t) => {
    const folder = t.testdir({ '10_c.sql': 'select 3', '9-b.sql': 'select 2', '001_a.sql': 'select 1; select 1', '11_D.SQL': '', 'README.md': 'x' })
    const migrations = await read(folder)
    t.same(migrations.map(({ name, statements }) => [name, statements.length]), [['001_a.sql', 2], ['9-b.sql', 1], ['10_c.sql', 1], ['11_D.SQL', 0]])
  })

  t.test('finds a checksum that does not depend on line ends or a byte order mark', async (t) => {
    const checksumOf = async (text: string) => (await read(t.testdir({ '1_a.sql': text })))[0]?.checksum
    const checksum = await checksumOf('select 1;\nselect 2')
    t.match(checksum, /^[0-9a-f]{64}$/)
    t.equal(await checksumOf('\ufeffselect 1;\r\nselect 2'), checksum)
    t.not(await checksumOf('select 1;\nselect 3'), checksum)
  })

  t.test('refuses names that do not sort, or sort the same', async (t) => {
    for (const name of ['init.sql', '1.sql', '1_.SQL', '1-.sql', 'v1_a.sql', '1 a.sql']) await t.rejects(read(t.testdir({ [name]: '' })), { code: REFUSED, message: /a number, then "-" or "_", then a name and "\.sql", such as 001-/ }, name)
    await t.rejects(read(t.testdir({ '1_a.sql': '', '01_b.sql': '' })), { code: REFUSED })
  })

  t.test('refuses a folder that is not there, and a file that is no text', async (t) => {
    await t.rejects(read(join(t.testdir({}), 'nowhere')), { code: REFUSED, message: /option migrations/, cause: { code: 'ENOENT' } })
    const folder = t.testdir({})
    await writeFile(join(folder, '1_a.sql'), Buffer.from([0xff, 0xfe]))
    await t.rejects(read(folder), { code: REFUSED })
    await t.rejects(read(t.testdir({ '1_a.sql': 'select 1\0' })), { code: REFUSED })
  })

  t.test('refuses transaction control before anything is sent', async (t) => {
    await t.rejects(read(t.testdir({ '1_a.sql': 'select 1; commit' })), { code: REFUSED, message: /1_a\.sql.*COMMIT/ })
  })
})

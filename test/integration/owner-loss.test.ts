import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { testDatabase } from '../support/database.ts'

t.test('the owner\'s connection', async (t) => {
  t.test('is lost in every position with an error that the caller gets, and never ends the process (D-09)', async (t) => {
    const { adminUrl, appUrl, ownerUrl } = await testDatabase(t)
    const program = fileURLToPath(new URL('../support/owner-loss.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, program, adminUrl, appUrl, ownerUrl])
    const lines = stdout.trim().split('\n')
    t.same(lines.filter((line) => !line.endsWith(': an error') && line !== 'over'), [])
    t.equal(lines.filter((line) => line.endsWith(': an error')).length, 15 + 16)
    t.equal(lines.at(-1), 'over')
  })
})

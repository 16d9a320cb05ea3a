// What `npm test` runs after the build: tap, with a real PostgreSQL behind TEST_DATABASE_URL. Arguments go to tap.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startDatabase } from '../../dist/faces/testing/index.js'

const given = process.env.TEST_DATABASE_URL
const database = given ? undefined : await startDatabase()

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = realpathSync(new URL('../../node_modules/.bin/tap', import.meta.url))
const tap = spawn(process.execPath, [program, ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, TEST_DATABASE_URL: given || database.url },
  stdio: 'inherit'
})

// A Ctrl-C of the terminal reaches tap by itself; this process has to live until tap is done with the database.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => tap.kill('SIGTERM'))

const [code] = await once(tap, 'exit')
await database?.stop()
process.exitCode = code ?? 1

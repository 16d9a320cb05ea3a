// What `npm test` runs after the build: tap, with a real PostgreSQL behind TEST_DATABASE_URL. Arguments go to tap.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startDatabase } from '../../dist/faces/testing/index.js'

// Raise these when the coverage rises; never lower them.
const LEAST_COVERED = { lines: 99, functions: 98, branches: 93 }

const given = process.env.TEST_DATABASE_URL
const database = given ? undefined : await startDatabase()

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = realpathSync(new URL('../../node_modules/.bin/tap', import.meta.url))
const args = process.argv.slice(2)
const tap = spawn(process.execPath, [program, ...args], {
  cwd: root,
  env: { ...process.env, TEST_DATABASE_URL: given || database.url },
  stdio: 'inherit'
})

// A Ctrl-C of the terminal reaches tap by itself; this process has to live until tap is done with the database.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => tap.kill('SIGTERM'))

const [code] = await once(tap, 'exit')
await database?.stop()
const isWholeSuite = args.every((arg) => arg.startsWith('-'))
process.exitCode = code ?? 1
if (code === 0 && isWholeSuite && !isCoveredEnough()) process.exitCode = 1

function isCoveredEnough () {
  const { total } = JSON.parse(readFileSync(new URL('../../.tap/report/coverage-summary.json', import.meta.url), 'utf8'))
  const tooLow = Object.entries(LEAST_COVERED).filter(([kind, least]) => !(total[kind].pct >= least))
  console.log(`coverage: ${Object.keys(LEAST_COVERED).map((kind) => `${total[kind].pct} % of ${kind}`).join(', ')}`)
  for (const [kind, least] of tooLow) console.error(`Too few ${kind} are covered: ${total[kind].pct} % instead of ${least} %. "npx tap report text" shows where.`)
  return tooLow.length === 0
}

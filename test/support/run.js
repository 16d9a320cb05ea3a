// What `npm test` runs after the build: tap, with a real PostgreSQL behind TEST_DATABASE_URL. Arguments go to tap.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startDatabase } from '../../dist/faces/testing/index.js'

// Raise these when the coverage rises; never lower them.
const LEAST_COVERED = { lines: 99, functions: 98, branches: 93 }

// Only a server with Citus runs these: without one they would say nothing of the tests.
const NEEDS_CITUS = ['lib/data/owner/citus.ts', 'lib/operations/moves/node.ts', 'lib/operations/policies/citus-shape.ts', 'lib/operations/policies/force.ts']

const given = process.env.TEST_DATABASE_URL
const database = given ? undefined : await startDatabase()

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = realpathSync(new URL('../../node_modules/.bin/tap', import.meta.url))
const args = process.argv.slice(2)
// With the plugins that .taprc names; the first run in a clone has its own otherwise, and builds them for the next.
execFileSync(process.execPath, [program, 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
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
  const covered = coveredIn(JSON.parse(readFileSync(new URL('../../.tap/report/coverage-summary.json', import.meta.url), 'utf8')))
  const tooLow = Object.entries(LEAST_COVERED).filter(([kind, least]) => !(covered[kind] >= least))
  console.log(`coverage: ${Object.keys(LEAST_COVERED).map((kind) => `${covered[kind]} % of ${kind}`).join(', ')}`)
  for (const [kind, least] of tooLow) console.error(`Too few ${kind} are covered: ${covered[kind]} % instead of ${least} %. "npx tap report text" shows where.`)
  return tooLow.length === 0
}

function coveredIn ({ total: _, ...files }) {
  const counted = Object.entries(files).filter(([path]) => process.env.TEST_CITUS_URL || !NEEDS_CITUS.some((name) => path.endsWith(`/${name}`)))
  const sum = (kind, what) => counted.reduce((count, [, file]) => count + file[kind][what], 0)
  return Object.fromEntries(Object.keys(LEAST_COVERED).map((kind) => [kind, Math.floor(sum(kind, 'covered') / sum(kind, 'total') * 10_000) / 100]))
}

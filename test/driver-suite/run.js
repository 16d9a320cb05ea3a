// Runs postgres.js's own test-suite against the tenant client, each test inside a tenant: `DRIVER_SUITE=path npm run test:driver`,
// where the path is a checkout of postgres.js 3.4. It fails when a test fails that refusals.js does not name, and when one
// passes that it names. DRIVER_SUITE_ONLY=text runs the tests with that text in their names, DRIVER_SUITE_JSON=file writes what
// came of each, DRIVER_SUITE_PACKAGE=folder tests another copy of this package, built.
import { writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { tests } from './collected.js'
import { endBody, openTop, openingErrors, startBody, startTest } from './driver.js'
import { REFUSALS } from './refusals.js'
import { cleanStage, openStage } from './stage.js'

const TIMED_OUT = new Error('timed out')

// A test puts its own function in the place of console.log, and a body that starts again does not put it back.
const { log } = console
const print = (line) => { process.stdout.write(`${line}\n`) }

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms) })

const checkout = process.env.DRIVER_SUITE
if (checkout === undefined) {
  console.error('DRIVER_SUITE is to be the path of a checkout of https://github.com/porsager/postgres.')
  process.exit(2)
}
const root = process.env.DRIVER_SUITE_PACKAGE ?? fileURLToPath(new URL('../..', import.meta.url))
const built = (path) => pathToFileURL(join(resolve(root), 'dist', path)).href
const library = { index: built('index.js'), testing: built('faces/testing/index.js') }
const suite = pathToFileURL(join(resolve(checkout), 'tests/index.js')).href
const ours = (file) => new URL(file, import.meta.url).href

register('./hooks.js', import.meta.url, {
  data: { suite, replacements: { './bootstrap.js': ours('bootstrap.js'), './test.js': ours('collected.js'), '../src/index.js': ours('driver.js') } }
})

// Bodies that were given up go on, and reject when nobody listens any more.
let strays = []
for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, (error) => strays.push(error))

const outcomes = []
let stage
let top
try {
  await runAll()
  process.exit(report() ? 0 : 1)
} catch (error) {
  console.error(error)
  process.exit(2)
}

async function runAll () {
  stage = await openStage(library)
  const { createTenancy } = await import(library.index)
  await import(suite)
  top = await openTop(createTenancy)
  for (const test of tests.filter(({ name }) => name.includes(process.env.DRIVER_SUITE_ONLY ?? ''))) {
    strays = []
    const start = Date.now()
    const error = await runToTheEnd(test)
    outcomes.push({ ...outcomeOf(test, error), ms: Date.now() - start })
    if (error !== TIMED_OUT) continue
    // Its body still has what the client of all tests has to give.
    await Promise.race([top.close(), wait(500)])
    await cleanStage()
    top = await openTop(createTenancy)
  }
  await startTest()
  await Promise.race([top.close(), wait(500)])
  await stage.close()
}

/** Runs a body again and again until every tenancy that it asks for is open; returns what is wrong, or undefined. */
async function runToTheEnd (test) {
  await startTest()
  for (;;) {
    await cleanStage()
    await startBody()
    const error = await run(test)
    console.log = log
    if (!endBody()) return error
  }
}

async function run ({ body, seconds }) {
  try {
    await Promise.race([top.runWithTenant(stage.tenant, () => check(body)), wait(seconds * 1000).then(() => { throw TIMED_OUT })])
    return undefined
  } catch (error) {
    return error ?? new Error('something rejected with nothing')
  }
}

async function check (body) {
  const [expected, got] = await Promise.all(await body())
  if (expected !== got) throw new Error(`${inspect(expected)} is expected, and it was ${inspect(got)}`)
}

/** What became of a test. Its error, those of tenancies that did not open and those that nobody caught tell how it failed. */
function outcomeOf ({ name, line }, error) {
  const refusal = REFUSALS.get(name)
  const errors = [error, ...openingErrors(), ...strays].filter((found) => found !== undefined).map(textOf)
  const isAsListed = refusal !== undefined && errors.some((text) => refusal.error.test(text))
  const state = error === undefined ? (refusal === undefined ? 'passed' : 'not refused') : (isAsListed ? 'refused' : 'failed')
  print(`${{ passed: 'ok  ', refused: 'ok -' }[state] ?? 'not ok'} ${line} ${name}${state === 'refused' ? ` # ${refusal.reason}` : ''}`)
  if (state === 'failed') print(`  ${errors.join('\n').replaceAll('\n', '\n  ')}`)
  if (state === 'not refused') print(`  refusals.js says that it fails: ${refusal.reason}`)
  return { name, line, state, reason: refusal?.reason, errors }
}

function textOf (error) {
  if (error === undefined) return ''
  return error instanceof Error ? `${error.code ?? error.name}: ${error.message}${error.cause ? ` (${textOf(error.cause)})` : ''}` : inspect(error)
}

function report () {
  const count = (state) => outcomes.filter((outcome) => outcome.state === state).length
  print(`# ${outcomes.length} tests: ${count('passed')} passed, ${count('refused')} refused as documented, ${count('failed')} failed, ${count('not refused')} passed against the list`)
  const file = process.env.DRIVER_SUITE_JSON
  if (file !== undefined) writeFileSync(file, JSON.stringify(outcomes, undefined, 2))
  return outcomes.length > 0 && count('passed') + count('refused') === outcomes.length
}

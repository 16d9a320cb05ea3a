// What `npm run soak:mutations` runs: the soak on copies of the sources, each with one mutation. Every one has to turn it red.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { MUTATIONS, type Mutation } from './list.ts'

const ROOT = fileURLToPath(new URL('../../../../../..', import.meta.url))
const USAGE = `npm run soak:mutations -- [options]
  --only <text>  only mutations with this text in their names; may be given several times
  --seconds <n>  how long each soak is (8)
  --list         only names them
Ends with 0 if every mutation turned the soak red and the sources without one left it green, 1 if not, 2 if the options cannot be used.`

process.exitCode = await start(process.argv.slice(2))

async function start (args: string[]): Promise<number> {
  let values: { only: string[], seconds: string, list: boolean }
  try {
    values = parseArgs({ args, options: { only: { type: 'string', multiple: true, default: [] }, seconds: { type: 'string', default: '8' }, list: { type: 'boolean', default: false } } }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return 2
  }
  const chosen = MUTATIONS.filter(({ name }) => values.only.length === 0 || values.only.some((text) => name.includes(text)))
  if (chosen.length === 0) {
    console.error(`No mutation has this name.\n${USAGE}`)
    return 2
  }
  if (values.list) return nameAll(chosen)
  // The control: a soak that is always red shows nothing.
  const isControlGreen = report('no mutation', await soakWith({ name: 'no mutation', changes: [] }, values.seconds), 0)
  let isAllRed = true
  for (const mutation of chosen) isAllRed = report(mutation.name, await soakWith(mutation, values.seconds), 1) && isAllRed
  return isControlGreen && isAllRed ? 0 : 1
}

function nameAll (mutations: readonly Mutation[]): number {
  for (const { name } of mutations) console.log(name)
  return 0
}

interface Outcome {
  readonly code: number | null
  readonly output: string
}

function report (name: string, { code, output }: Outcome, wanted: number): boolean {
  const broken = [...output.matchAll(/^BROKEN (\d+) times: (.*)$/gm)].map(([, count, promise]) => `${promise} (${count})`)
  const isAsWanted = code === wanted && (wanted === 0 || broken.length > 0)
  // A soak that could not even start is red for another reason.
  const what = code === 0 ? 'green' : broken.length > 0 ? `red: ${broken.join('; ')}` : `ended with ${code}\n${output.slice(-2_000)}`
  console.log(`${isAsWanted ? 'ok' : 'NOT OK'} ${name}: ${what}`)
  return isAsWanted
}

/** Copies, changes and compiles the sources, and runs the soak of the copy. */
async function soakWith ({ name, changes }: Mutation, seconds: string): Promise<Outcome> {
  const copy = mkdtempSync(join(tmpdir(), 'zakops-tenancy-mutation-'))
  try {
    for (const path of ['lib', 'test/soak', 'package.json', 'tsconfig.json']) cpSync(join(ROOT, path), join(copy, path), { recursive: true, filter: (from) => !from.endsWith('/dist') })
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    for (const { file, from, to } of changes) change(name, join(copy, 'lib', file), from, to)
    // A mutation may leave something unused: types are not what it is about.
    const built = await run(copy, ['node_modules/typescript-7/bin/tsc', '-p', 'test/soak', '--noCheck'])
    return built.code === 0 ? await run(copy, ['test/soak/dist/test/soak/run.js', '--seconds', seconds]) : built
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** A mutation that no longer fits is an error of its own. */
function change (name: string, path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`The mutation "${name}" no longer fits: its text is not in ${path} exactly once.`)
  writeFileSync(path, text.replace(from, () => to))
}

async function run (cwd: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 180_000, killSignal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text })
  const [code] = await once(child, 'close')
  return { code, output }
}

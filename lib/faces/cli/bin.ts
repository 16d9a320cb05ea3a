#!/usr/bin/env node
import { createRequire } from 'node:module'
import { Writable } from 'node:stream'
import { CommandLibrariesError } from '../../words/errors/index.ts'
import { INSTALL, hasLibraries } from './libraries.ts'

// The program `zakops-tenancy`: what there is of a process, given to `main`. Nothing here needs the libraries.

const argv = process.argv.slice(2)

/** Exactly one document goes to standard output: whatever a script or a library prints goes the other way. */
function documentsOnly (): Writable {
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  return new Writable({ write: (chunk: Uint8Array, _encoding, done) => { write(chunk, done) } })
}

/** Whoever reads no more, such as `head`, has seen enough: that is the end, and no failure. */
process.stdout.on('error', (error: Error) => {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
  process.exit()
})

/** What is under way is in transactions, and what was finished is written down: so it is no loss, and somebody wants to know how to go on. */
function sayHowToGoOn (): void {
  process.stderr.write('\nInterrupted. What was finished stays. To go on: the same command again; for migrate, --resume with the run that "status --json" tells; for move, the tenant alone, or --undo.\n')
  process.exit(130)
}

// A script of `run` may listen itself, to put its things away.
if (!argv.includes('run')) process.once('SIGINT', sayHowToGoOn)

async function start (): Promise<number> {
  if (!hasLibraries(createRequire(import.meta.url).resolve)) {
    const { code, message } = new CommandLibrariesError(INSTALL)
    if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
    else process.stderr.write(`error: ${message} (${code})\n`)
    return 1
  }
  const { main, wantsJson } = await import('./main.ts')
  const stdout = wantsJson(argv) ? documentsOnly() : process.stdout
  const code = await main(argv, { env: process.env, cwd: process.cwd(), stdin: process.stdin, stdout, stderr: process.stderr })
  await new Promise((resolve) => { stdout.write('', resolve) })
  return code
}

// Not waiting for whatever a script has left running.
process.exit(await start())

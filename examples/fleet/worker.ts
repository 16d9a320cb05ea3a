import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Value } from '@sinclair/typebox/value'
import { type Job, type Message, messageSchema } from './messages.ts'

/**
 * Lets a process of its own do the work, and returns true when it is done, or false when the process was killed.
 *
 * `watch` is told what the process says, and returns true to have it killed, without a warning, at that moment.
 */
export async function runWorker (job: Job, watch: (message: Message) => boolean): Promise<boolean> {
  const file = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './work.ts' : './work.js', import.meta.url))
  const child = fork(file, [], { env: ownEnvironment() })
  const ended = once(child, 'exit')
  let problem: string | undefined
  let isKilled = false
  child.on('message', (given: unknown) => {
    if (isKilled) return
    const message = Value.Parse(messageSchema, given)
    if ('problem' in message) problem = message.problem
    if (!watch(message)) return
    isKilled = true
    child.kill('SIGKILL')
  })
  child.send(job)
  const [code]: unknown[] = await ended
  if (isKilled) return false
  if (problem !== undefined || code !== 0) throw new Error(problem ?? `The process that does the work ended with code ${String(code)}.`)
  return true
}

/** Without the settings that a developer may have for a service of their own. */
function ownEnvironment (): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|TENANT_|ENFORCE_|DATABASE_URL|\w+_DATABASE_URL)/.test(name))
  return Object.fromEntries(inherited)
}

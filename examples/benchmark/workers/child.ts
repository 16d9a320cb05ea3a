import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

const ANSWER_DEADLINE = 90_000

const answerSchema = Type.Union([Type.Object({ value: Type.Unknown() }), Type.Object({ problem: Type.String() })])

/** The programs that run as processes of their own. */
export type Program = 'client' | 'app' | 'load' | 'proxy'

/** Those that run, so that they can be ended before the database is. */
const running = new Set<Child>()
let isOver = false

/** Ends every process of the benchmark, for good; whoever waits for an answer hears of it. */
export async function endChildren (): Promise<void> {
  isOver = true
  await Promise.all([...running].map((child) => child.end()))
}

/** A process of the benchmark that answers one question at a time. */
export class Child {
  readonly #process: ChildProcess

  constructor (program: Program) {
    if (isOver) throw new Error('The benchmark is ending.')
    this.#process = fork(fileURLToPath(new URL(`./${program}.js`, import.meta.url)), [], { env: ownEnvironment(), execArgv: ['--expose-gc'] })
    running.add(this)
  }

  /** Asks, waits, and returns the answer, which has to have the form of `schema`. */
  async ask<T extends TSchema>(schema: T, question: object): Promise<Static<T>> {
    const answer = this.#nextMessage()
    this.#process.send(question)
    const message = Value.Parse(answerSchema, await answer)
    if ('problem' in message) throw new Error(`A process of the benchmark failed: ${message.problem}`)
    return Value.Parse(schema, message.value)
  }

  async end (): Promise<void> {
    running.delete(this)
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exit = once(this.#process, 'exit')
    if (this.#process.connected) this.#process.disconnect()
    await exit
  }

  #nextMessage (): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const child = this.#process
      const done = (): void => {
        clearTimeout(timer)
        child.off('message', onMessage).off('exit', onExit).off('error', onError)
      }
      const onMessage = (message: unknown): void => {
        done()
        resolve(message)
      }
      const onError = (error: Error): void => {
        done()
        reject(error)
      }
      const onExit = (code: number | null): void => onError(new Error(`A process of the benchmark ended by itself, with code ${String(code)}.`))
      const timer = setTimeout(() => onError(new Error('A process of the benchmark did not answer in time.')), ANSWER_DEADLINE)
      child.on('message', onMessage).on('exit', onExit).on('error', onError)
    })
  }
}

/** Without the settings that a developer may have for a service of their own. */
function ownEnvironment (): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|TENANT_|ENFORCE_|DATABASE_URL|OWNER_DATABASE_URL)/.test(name))
  return Object.fromEntries(inherited)
}

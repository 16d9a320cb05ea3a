import { createInterface } from 'node:readline'
import { CommandUnconfirmedError } from '../../words/errors/index.ts'
import { type Io, hasTerminal } from './io.ts'

/**
 * Returns when `wanted` was typed: the id of the tenant, or what `name` says that it is. The one place that asks.
 *
 * @throws {CommandUnconfirmedError} FST_TENANCY_CLI_UNCONFIRMED — something else was typed, or there is nobody to ask.
 */
export async function confirmTyped (io: Io, wanted: string, what: string, name = 'the id of the tenant'): Promise<void> {
  if (!hasTerminal(io)) throw new CommandUnconfirmedError('there is no terminal to ask on, so say --yes if it is meant.')
  const answer = await ask(io, `${what} Type ${name} to go on: `)
  if (answer !== wanted) throw new CommandUnconfirmedError(`what was typed is not ${name}.`)
}

/** Whoever ends the input has typed nothing. */
function ask ({ stdin, stderr }: Io, question: string): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: stdin, output: stderr })
    lines.once('close', () => resolve(''))
    lines.question(question, (answer) => {
      resolve(answer.trim())
      lines.close()
    })
  })
}

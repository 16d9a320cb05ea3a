import { parseArgs } from 'node:util'

/** What a run of the soak does. */
export interface SoakOptions {
  readonly seconds: number
  readonly seed: number
}

export const USAGE = `npm run soak -- [options]
  --seconds <n>  how long tenants work while everything breaks (60)
  --seed <n>     repeats the choices of the run that printed it
Ends with 0 if every promise held, 1 if one was broken, 2 if the options cannot be used.`

/** Reads the arguments; throws with a message for the user if they cannot be used. */
export function readOptions (args: string[]): SoakOptions {
  const { values } = parseArgs({ args, options: { seconds: { type: 'string' }, seed: { type: 'string' } } })
  return {
    seconds: count('seconds', values.seconds, 86_400) ?? 60,
    seed: count('seed', values.seed, 4_294_967_295) ?? Math.floor(Math.random() * 4_294_967_295) + 1
  }
}

function count (name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,9}$/.test(text) || Number(text) > most) throw new Error(`--${name} takes a number from 1 to ${most}.`)
  return Number(text)
}

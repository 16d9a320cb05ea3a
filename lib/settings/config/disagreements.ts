import { type Environment, readEnvironment } from './environment.ts'
import { environmentNameOf } from './problems.ts'
import type { TenancyOptions } from './schema.ts'

/** A path means the same whether it is written whole or not. */
const LEFT_OUT = new Set(['migrations'])

/** An option that options and environment give differently; the options are what counts. */
export interface Disagreement {
  readonly option: string
  /** The name of the variable. */
  readonly variable: string
}

/** Returns the options that the environment gives another value than `options` do. Values are not told: they hold passwords. */
export function disagreements (options: TenancyOptions, environment: Environment): readonly Disagreement[] {
  const given = new Map(Object.entries(options))
  return Object.entries(readEnvironment(environment, [])).flatMap(([option, value]) => {
    const own: unknown = given.get(option)
    const isSame = own === undefined || own === value || typeof own === 'object' || LEFT_OUT.has(option)
    return isSame ? [] : [{ option, variable: environmentNameOf(option).slice(2, -1) }]
  })
}

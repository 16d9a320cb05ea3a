import { CommandUsageError } from '../../words/errors/index.ts'
import { ISOLATION_STRATEGIES, type IsolationStrategyName } from '../../words/types.ts'

/** What was written after the name of a command, by the names of its arguments and options, after their checks. */
export class Values {
  readonly #values: Readonly<Record<string, unknown>>

  constructor (values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  flag (name: string): boolean {
    return this.#values[name] === true
  }

  text (name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  /** Returns what has to be there. */
  required (name: string): string {
    const text = this.text(name)
    if (text === undefined) throw new CommandUsageError(`"${name}" is missing`)
    return text
  }

  number (name: string): number | undefined {
    const value = this.#values[name]
    return typeof value === 'number' ? value : undefined
  }

  list (name: string): readonly string[] | undefined {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : undefined
  }

  get isolation (): IsolationStrategyName | undefined {
    return ISOLATION_STRATEGIES.find((name) => name === this.#values['isolation'])
  }

  /** A server by its name or by a tag. */
  get server (): string | { readonly tag: string } | undefined {
    const tag = this.text('tag')
    return tag === undefined ? this.text('server') : { tag }
  }
}

/** Returns an object with this one member, or with none where there is no value: an option that is undefined is no option. */
export function given<K extends string, V> (name: K, value: V | undefined): Partial<Record<K, V>> {
  const record: Partial<Record<K, V>> = {}
  if (value !== undefined) record[name] = value
  return record
}

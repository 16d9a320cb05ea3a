import { type Description, type MessageGroup, descriptionReply } from '../wire/index.ts'
import type { StatementText } from './statements.ts'

/** What the driver of a lane was told of a statement that it has a name for, or of the one without a name. */
export interface Held {
  readonly text: StatementText
  readonly isNamed: boolean
  description: Description | undefined
}

/** The driver keeps every statement that it has prepared for as long as its lane lives. */
const MAX_HELD = 500

/**
 * What the driver of one lane knows of statements: another tenant may have been the one that it was told of. Before each
 * answer it is told what the statement looks like for the tenant whose answer it is.
 */
export class DriverMemory {
  readonly #held = new Map<string, Held>()
  /** The statement that runs, if the driver has to be told more before it gets the answer. */
  #due: { readonly held: Held, readonly isDescribing: boolean } | undefined
  #description: Description | undefined

  get isFull (): boolean {
    return this.#held.size > MAX_HELD
  }

  /** Returns the statement that a group of messages prepares or runs; undefined if the driver has not prepared it. */
  find (group: MessageGroup, textOf: (body: Buffer) => StatementText): Held | undefined {
    if (group.parse === undefined) return group.bind === undefined ? undefined : this.#held.get(group.bind.name)
    const { name, body } = group.parse
    if (group.bind !== undefined && group.bind.name !== name) return undefined
    const held: Held = { text: textOf(body), isNamed: name !== '', description: undefined }
    this.#held.set(name, held)
    return held
  }

  /** Says that `held` runs; with `isDescribing` the driver has asked for its description in the same breath. */
  begin (held: Held, isDescribing: boolean): void {
    this.#due = { held, isDescribing }
  }

  /** Says what the statement that runs looks like now. */
  describe (description: Description): void {
    this.#description = description
  }

  /** Returns what the driver has to be told in front of the answer; once. */
  takeDue (): Buffer | undefined {
    const due = this.#due
    const description = this.#description
    this.#due = undefined
    if (due === undefined || description === undefined) return undefined
    const { held, isDescribing } = due
    const isOther = held.description?.hasColumnsOf(description) === false
    held.description = description
    return isDescribing ? descriptionReply(description) : isOther ? description.columns : undefined
  }

  /** Forgets the statement that ran. */
  end (): void {
    this.#due = this.#description = undefined
  }
}

import { type Description, type StatementKind, kindOfStatement } from '../wire/index.ts'
import type { Share } from './tally.ts'

/** How much the last run counts in the average. */
const LAST_COUNTS = 1 / 8

/** One SQL text with the parameter types that its Parse fixed, as many lanes and tenants send it. */
export class StatementText {
  /** What stands behind the name in Parse. */
  readonly body: Buffer
  readonly sql: string
  readonly kind: StatementKind
  /** What the text means under each shape of settings. */
  readonly byShape = new Map<string, Statement>()
  /** One of its descriptions, under whatever shape: those of the other shapes mostly look the same. */
  sample: Description | undefined
  #pace: number | undefined
  /** How often the driver prepared it without a name. */
  unnamedUses = 0

  constructor (body: Buffer, text: string) {
    this.body = body
    this.sql = text
    this.kind = kindOfStatement(text)
  }

  /** How many milliseconds it took a server of late, on average, whoever's it was; undefined while it has not run. */
  get pace (): number | undefined {
    return this.#pace
  }

  /** Says how long it took once more. */
  took (milliseconds: number): void {
    this.#pace = this.#pace === undefined ? milliseconds : this.#pace + (milliseconds - this.#pace) * LAST_COUNTS
  }
}

/** Somebody of a tenant who asks what a statement looks like, and what of the same tenant waits for the answer. */
export interface Asking {
  readonly share: Share | undefined
  readonly waiting: (() => void)[]
}

const NOBODY: readonly Asking[] = []

/** A text under one shape of settings: the same names mean the same tables. */
export class Statement {
  readonly text: StatementText
  readonly shape: string
  #description: Description | undefined
  /** Those who ask what it looks like at the moment. */
  asking: readonly Asking[] = NOBODY

  constructor (text: StatementText, shape: string) {
    this.text = text
    this.shape = shape
  }

  /** What the server last said of it. */
  get description (): Description | undefined {
    return this.#description
  }

  /**
   * Keeps what the server says now, and returns it: the one from before where nothing is new, so that what other
   * connections have prepared by it is still believed.
   */
  learn (description: Description): Description {
    if (this.#description?.equals(description) === true) return this.#description
    if (this.text.sample === undefined) this.text.sample = description
    else description.shareKeys(this.text.sample)
    this.#description = description
    return description
  }

  /** Makes whoever sends it next ask the server. */
  forgetDescription (): void {
    this.#description = undefined
  }
}

const MAX_TEXTS = 5_000
const MAX_TEXT_BYTES = 16 * 1024 * 1024
const MAX_STATEMENTS = 20_000
/** An unnamed text that comes back this often is worth a name on the server. */
const NAMED_AFTER = 3

/**
 * The texts that were seen, each once, and what they mean under each shape. Both are bounded: what was first seen longest
 * ago is forgotten, which costs whoever sends it again a description.
 *
 * Shared by tenants: it holds SQL texts, and for tenants of one shape what the catalog says of them. No values.
 */
export class Statements {
  readonly #texts = new Map<string, StatementText>()
  readonly #statements = new Set<Statement>()
  #textBytes = 0

  get size (): { readonly texts: number, readonly statements: number } {
    return { texts: this.#texts.size, statements: this.#statements.size }
  }

  /** Returns the text whose Parse has `body` behind its name; `end` is where the text ends in it. */
  text (body: Buffer): StatementText {
    const key = body.toString('latin1')
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    // A copy: the driver's chunk may hold a large Bind too.
    const text = new StatementText(Buffer.from(body), body.toString('utf8', 0, body.indexOf(0)))
    this.#texts.set(key, text)
    this.#textBytes += key.length
    this.#forgetTexts()
    return text
  }

  statement (text: StatementText, shape: string): Statement {
    const known = text.byShape.get(shape)
    if (known !== undefined) return known
    const statement = new Statement(text, shape)
    text.byShape.set(shape, statement)
    this.#statements.add(statement)
    const [oldest] = this.#statements
    if (this.#statements.size > MAX_STATEMENTS && oldest !== undefined) this.#forget(oldest)
    return statement
  }

  /** Whether a text gets a name on the server although the driver gave it none. */
  deservesName (text: StatementText): boolean {
    return ++text.unnamedUses > NAMED_AFTER
  }

  #forgetTexts (): void {
    for (const [key, text] of this.#texts) {
      if (this.#texts.size <= MAX_TEXTS && (this.#textBytes <= MAX_TEXT_BYTES || this.#texts.size === 1)) return
      this.#texts.delete(key)
      this.#textBytes -= key.length
      for (const statement of text.byShape.values()) this.#forget(statement)
    }
  }

  #forget (statement: Statement): void {
    this.#statements.delete(statement)
    statement.text.byShape.delete(statement.shape)
  }
}

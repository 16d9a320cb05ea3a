import { DATABASE_ROLES, type DatabaseOption, type Environment, type TenancyConfig, databaseAt } from '../../settings/config/index.ts'
import { DEFAULT_SERVER } from '../../words/types.ts'

/** Shorter ones would be found in any word. */
const LEAST_LENGTH = 4

const HIDDEN = '[hidden]'

/** What must never be printed: messages of the driver, the server and of scripts go through it. */
export class Secrets {
  readonly #texts = new Set<string>()

  constructor (env: Environment) {
    for (const [name, value] of Object.entries(env)) {
      if (/URL|PASSWORD|SECRET|SIGNING|_KEY$/.test(name) && value !== undefined) this.#add(value)
    }
  }

  /** Takes the passwords and URLs of every server. */
  learn (config: TenancyConfig): void {
    for (const server of [DEFAULT_SERVER, ...Object.keys(config.servers)]) {
      for (const role of DATABASE_ROLES) this.#addDatabase(databaseAt(config, role, { server, database: null }))
    }
    this.#add(config.channelKey ?? '')
    for (const secret of config.signing?.keys.values() ?? []) this.#add(secret)
    if (typeof config.jwt?.secret === 'string') this.#add(config.jwt.secret)
  }

  /** Returns the text without them. */
  hide (text: string): string {
    const known = [...this.#texts].sort((a, b) => b.length - a.length)
    return known.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text).replaceAll(/\bpostgres(?:ql)?:\/\/[^\s"']+/g, HIDDEN)
  }

  #addDatabase (database: DatabaseOption | undefined): void {
    if (typeof database === 'string') this.#add(database)
    else for (const value of [database?.password, database?.pass]) if (typeof value === 'string') this.#add(value)
  }

  #add (text: string): void {
    if (text.length >= LEAST_LENGTH) this.#texts.add(text)
    if (!URL.canParse(text)) return
    const { password } = new URL(text)
    if (password !== '') for (const form of [password, decoded(password)]) if (form.length >= LEAST_LENGTH) this.#texts.add(form)
  }
}

/** A password with a stray "%" is no URL of anybody's, and is hidden as it is written. */
function decoded (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

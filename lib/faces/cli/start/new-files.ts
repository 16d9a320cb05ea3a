import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { CONFIG_NAMES } from '../configuration.ts'
import { writeNew } from '../files.ts'
import type { Io } from '../io.ts'

/** A file that a service begins with. */
export interface NewFile {
  readonly file: string
  readonly text: string
  /** It, or something in its stead, is there already. */
  readonly isThere: boolean
}

const CONFIG = `// Options of createTenancy(), for the command line and for the service: import options from './zakops-tenancy.config.mjs'
// URLs and passwords stay in the environment: DATABASE_URL, OWNER_DATABASE_URL, ADMIN_DATABASE_URL, OPERATOR_DATABASE_URL.
export default {
  mode: 'multi',
  isolation: 'schema+rls',
  migrations: 'migrations'
}
`

/** Returns the files, and which of them are there. Folders for migrations are only for who has no migrations yet. */
export function planFiles ({ cwd }: Io, given: string | undefined): readonly NewFile[] {
  const hasConfig = given !== undefined || CONFIG_NAMES.some((name) => existsSync(resolve(cwd, name)))
  const hasMigrations = existsSync(resolve(cwd, 'migrations'))
  return [
    { file: given ?? CONFIG_NAMES.find((name) => existsSync(resolve(cwd, name))) ?? 'zakops-tenancy.config.mjs', text: CONFIG, isThere: hasConfig },
    ...hasMigrations
      ? [{ file: 'migrations', text: '', isThere: true }]
      : ['tenant', 'shared'].map((kind) => ({ file: `migrations/${kind}/.gitkeep`, text: '', isThere: false }))
  ]
}

/** Writes those that are not there. */
export async function writeFiles (io: Io, files: readonly NewFile[]): Promise<void> {
  for (const { file, text, isThere } of files) if (!isThere) await writeNew(io, file, text)
}

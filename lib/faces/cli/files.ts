import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CommandFileExistsError } from '../../words/errors/index.ts'
import type { Io } from './io.ts'

/**
 * Writes a file that is not there yet, for nobody else to read.
 *
 * @throws {CommandFileExistsError} FST_TENANCY_CLI_FILE_EXISTS — it is there; it stays as it is.
 */
export async function writeNew ({ cwd }: Io, file: string, text: string): Promise<void> {
  const path = resolve(cwd, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
    throw cause instanceof Error && 'code' in cause && cause.code === 'EEXIST' ? new CommandFileExistsError(file) : cause
  })
}

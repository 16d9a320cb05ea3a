import { type CodeFinding, type FileFix, RULES, fixFiles, readSources, scanFiles, usualFolders } from '../../operations/scan/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { Finding } from '../../words/types.ts'
import type { Protocol } from './proof.ts'

/** What is scanned, and what is done about what is found. */
export interface CodeRequest {
  readonly config: Pick<TenancyConfig, 'extensionsSchema' | 'sharedSchema' | 'migrations'>
  readonly cwd: string
  /** Folders and files; the usual ones where none are named. */
  readonly folders: readonly string[]
  /** Returns the names in the tenant's schema, where schemas are to be left out of names that it has. */
  readonly tenantNames: (() => Promise<ReadonlySet<string>>) | undefined
  /** Is given each file that changes, to write or to show it. */
  readonly fix: (fix: FileFix) => Promise<void>
}

/** Tries the second promise: nothing is written into the code that is the same in every environment, or for every tenant. */
export async function proveCode (protocol: Protocol, { config, cwd, folders, tenantNames, fix }: CodeRequest): Promise<void> {
  await protocol.prove('code', 'scan', async () => {
    const named = folders.length > 0 ? folders : [...await usualFolders(cwd), ...config.migrations === undefined ? [] : [config.migrations]]
    const files = await readSources(cwd, named)
    if (files.length === 0) return { skipped: `there are no scripts and no SQL in ${named.join(', ')}: name the folders that hold the code` }
    const found = await scanFiles(files, config)
    const fixes = tenantNames === undefined ? [] : fixFiles(files, found, await tenantNames())
    for (const each of fixes) await fix(each)
    const fixed = new Map(fixes.map(({ file, text }) => [file.path, text]))
    const rest = fixes.length === 0 ? found : await scanFiles(files.map((file) => ({ ...file, text: fixed.get(file.path) ?? file.text })), config)
    const where = `${files.length} files in ${named.join(', ')}`
    return rest.length > 0 ? { findings: rest.map(findingOf) } : { ok: `${where} name no database, schema, role or setting` }
  })
}

/** Neither the text nor a name of it: a connection string holds a password. */
function findingOf ({ rule, severity, file, line, column }: CodeFinding): Finding {
  const { message, repair } = RULES[rule]
  return { check: rule, severity, object: `${file}:${line}:${column}`, message, repair, at: { file, line } }
}

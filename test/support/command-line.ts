import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { main } from '../../lib/faces/cli/index.ts'
import { type TestDatabase, testDatabase } from './database.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What these tests need of tap. */
interface TestScope {
  teardown (fn: () => unknown): void
  testdir (content: Readonly<Record<string, string | Readonly<Record<string, string>>>>): string
}

/** What a command line came to. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  /** What is on standard output, which has to be one JSON document and nothing else. */
  readonly json: unknown
}

/** Who sits in front of it: nobody, or somebody who types this. */
export interface Sitting {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly typed?: string
}

/** A database that is set up, a working directory with migrations, and the program there. */
export interface CommandScene extends TestDatabase {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Passwords and URLs: none may be printed. */
  readonly secrets: readonly string[]
  /** Calls the program in this process. */
  run (argv: readonly string[], sitting?: Sitting): Promise<Ran>
}

const DOCS = `create table docs (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id int not null,
  body text not null,
  primary key (tenant_id, id)
);`

/** Makes it; `files` lie in the working directory too. */
export async function commandScene (t: TestScope, files: Readonly<Record<string, string>> = {}, request: { readonly isSetUp?: boolean } = {}): Promise<CommandScene> {
  const database = await testDatabase(t, { hasOperator: true, ...request })
  const cwd = t.testdir({ migrations: { '001-docs.sql': DOCS }, ...files })
  const urls = [database.appUrl, database.ownerUrl, database.operatorUrl, database.adminUrl]
  const [app = '', owner = '', operator = '', admin = ''] = urls
  const env = {
    TENANT_MODE: 'multi',
    TENANT_MIGRATIONS: join(cwd, 'migrations'),
    DATABASE_URL: app,
    OWNER_DATABASE_URL: owner,
    OPERATOR_DATABASE_URL: operator,
    ADMIN_DATABASE_URL: admin
  }
  const secrets = [...urls, ...urls.map((url) => new URL(url).password)].filter((secret) => secret.length >= 8)
  return { ...database, cwd, env, secrets, run: async (argv, sitting = {}) => await runMain(argv, { cwd, env: { ...env, ...sitting.env }, typed: sitting.typed }) }
}

/** Returns a command line that asks for JSON; what follows "--" belongs to somebody else. */
export function asJson (argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end === -1 ? [...argv, '--json'] : [...argv.slice(0, end), '--json', ...argv.slice(end)]
}

/** Calls the program in this process, on a terminal if something is typed. */
export async function runMain (argv: readonly string[], { cwd = ROOT, env, typed }: { readonly cwd?: string, readonly env: Readonly<Record<string, string | undefined>>, readonly typed?: string | undefined }): Promise<Ran> {
  const isTTY = typed !== undefined
  const [stdin, stdout, stderr] = [stream(isTTY), stream(isTTY), stream(isTTY)]
  stdin.end(typed ?? '')
  const code = await main(argv, { cwd, env, stdin, stdout, stderr })
  return ran(code, textOf(stdout), textOf(stderr))
}

function stream (isTTY: boolean): PassThrough & { readonly isTTY: boolean } {
  return Object.assign(new PassThrough({ highWaterMark: 10_000_000 }), { isTTY })
}

function textOf (from: PassThrough): string {
  return String(from.read() ?? '')
}

/** Calls the compiled program in a process of its own. */
export async function runProgram (bin: string, argv: readonly string[], { cwd, env }: Pick<CommandScene, 'cwd' | 'env'>): Promise<Ran> {
  const child = spawn('env', [...alone(env), bin, ...argv], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => { text.out += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { text.err += chunk.toString() })
  const [code] = await once(child, 'close')
  return ran(Number(code), text.out, text.err)
}

function ran (code: number, out: string, err: string): Ran {
  return {
    code,
    out,
    err,
    get json (): unknown {
      if (!/^[^\n]+\n$/.test(out)) throw new Error(`standard output is not one line: ${out}`)
      return JSON.parse(out)
    }
  }
}

/** Node.js without what tap puts into the environment of every child: its loaders would be measured too. */
function alone (env: Readonly<Record<string, string>>): readonly string[] {
  return ['-i', ...Object.entries({ PATH: process.env['PATH'] ?? '', ...env }).map(([name, value]) => `${name}=${value}`), process.execPath]
}

/** Compiles the program, as it is published, and returns the folder. Inside the repository, so that its libraries are found. */
export function compileProgram (t: TestScope): string {
  const folder = join(t.testdir({}), 'dist')
  const { status, stdout } = spawnSync('env', [...alone({}), join(ROOT, 'node_modules/typescript-7/bin/tsc'), '-p', 'tsconfig.json', '--outDir', folder], { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the program does not compile: ${stdout}`)
  return folder
}

/** Tells that neither a URL nor a password was printed. */
export function keepsSecrets (t: { same (found: unknown, wanted: unknown, message: string): unknown }, { secrets }: CommandScene, { out, err }: Ran): void {
  t.same(secrets.filter((secret) => out.includes(secret) || err.includes(secret)), [], 'no secret is printed')
}

/** A script for `run`: writes or fails if its first argument says so, and returns the bodies of all documents. */
export const SCRIPT = `export default async ({ sql, tenant, args }) => {
  if (args[0] === 'fail' && tenant.id === args[1]) throw new Error('the script failed')
  if (args[0] === 'print') console.log('a script prints what it likes')
  if (args[0] === 'write') await sql\`insert into docs (id, body) values (1, \${'secret of ' + tenant.id})\`
  return { rows: await sql\`select body from docs\`, big: 12345678901234567890n }
}`

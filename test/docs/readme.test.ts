import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import * as everything from '../../lib/index.ts'
import { checksTable, commandLineHelp, errorEntries, errorsTable, optionEntries, optionsTable, refusalsTable } from './tables.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const README = join(ROOT, 'README.md')

const TABLES: Readonly<Record<string, string>> = { options: optionsTable(), errors: errorsTable(), refusals: refusalsTable(), 'command line': commandLineHelp(), checks: checksTable() }

/** The README with its tables made anew. */
function upToDate (text: string): string {
  return Object.entries(TABLES).reduce((readme, [name, table]) =>
    readme.replace(new RegExp(`(<!-- ${name}: [^>]*-->)[\\s\\S]*?(<!-- /${name} -->)`), (_whole, begin: string, end: string) => `${begin}\n\n${table}\n\n${end}`), text)
}

t.test('README', async (t) => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(README, upToDate(readFileSync(README, 'utf8')))
  const readme = readFileSync(README, 'utf8')

  t.test('has the tables that are generated, up to date (if not: npm run docs)', async (t) => {
    for (const name of Object.keys(TABLES)) t.match(readme, `<!-- /${name} -->`)
    t.equal(upToDate(readme), readme)
  })

  t.test('and the comments that editors show tell of every option, with its default and environment name', async (t) => {
    t.ok(optionEntries().length > 20)
    for (const { name, comment, meaning, fallback, environment } of optionEntries()) {
      t.match(meaning, /\.$/, name)
      t.equal(/ Default: (.*?)\.(?= Environment|$)/.exec(comment)?.[1] ?? '', fallback, name)
      t.equal(/ Environment: (.*?)\.$/.exec(comment)?.[1] ?? '', environment, name)
    }
  })

  t.test('lists every error class that is exported, and no other', async (t) => {
    const exported = Object.keys(everything).filter((name) => name.endsWith('Error')).sort()
    t.same(errorEntries().map(({ name }) => name).sort(), exported)
    t.ok(exported.length > 20)
    for (const { code } of errorEntries()) t.match(readme, `\`${code}\``)
  })

  t.test('says in every error message what to do, and in none whose it is', async (t) => {
    for (const { code, message } of errorEntries()) {
      t.match(code, /^FST_TENANCY_[A-Z]+(_[A-Z]+)*$/)
      t.match(message, /: |, so |\. |%s| must be | is a /, code)
    }
  })

  t.test('has no code that is used twice', async (t) => {
    const codes = errorEntries().map(({ code }) => code)
    t.same(codes.length, new Set(codes).size)
  })
})

t.test('examples', async (t) => {
  t.test('of the README and of every docstring compile', async (t) => {
    const folder = join(ROOT, '.tap', 'examples')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const examples = [...readmeExamples(), ...docstringExamples()]
    t.ok(examples.length >= 10, `there are ${examples.length}`)
    examples.forEach((code, index) => writeFileSync(join(folder, `example-${index}.ts`), `${code}\nexport {}\n`))
    t.same(problemsIn(folder), [])
  })
})

/** What the compiler says of the files of a folder, with the strictness that users of the package may have. */
function problemsIn (folder: string): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'test', 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(ROOT, 'test'))
  const files = readdirSync(folder).map((name) => join(folder, name))
  const program = ts.createProgram([...files, join(ROOT, 'lib/faces/plugin/augment.ts')], { ...options, noUnusedLocals: false })
  return ts.getPreEmitDiagnostics(program).map((problem) => `${problem.file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`)
}

function readmeExamples (): string[] {
  const blocks = [...readFileSync(README, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)
  return blocks.map((code) => withSurroundings(code))
}

function docstringExamples (): string[] {
  const lib = join(ROOT, 'lib')
  const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts')).map((path) => readFileSync(join(lib, path), 'utf8'))
  return sources.flatMap((source) => [...source.matchAll(/@example\n([\s\S]*?)(?:\n *\*\n|\n *\*\/)/g)]
    .map(([, block = '']) => withSurroundings(block.replaceAll(/^ *\* ?/gm, ''))))
}

/** Declares what an example uses and does not make: an example shows one thing. */
function withSurroundings (code: string): string {
  const surroundings: Readonly<Record<string, string>> = {
    app: "declare const app: import('fastify').FastifyInstance",
    request: "declare const request: import('fastify').FastifyRequest",
    tenancy: "declare const tenancy: import('zakops-tenancy').Tenancy",
    sql: "declare const sql: import('postgres').Sql",
    socket: "declare const socket: import('node:events').EventEmitter",
    logger: "declare const logger: import('fastify').FastifyBaseLogger",
    handle: 'declare function handle (message: unknown): void'
  }
  const missing = Object.entries(surroundings).filter(([name]) =>
    new RegExp(`(^|[^.\\w])${name}\\b`).test(code) && !new RegExp(`(const|let|import|function) \\{?[^=)\\n]*\\b${name}\\b`).test(code))
  return [...missing.map(([, declaration]) => declaration), code].join('\n')
}

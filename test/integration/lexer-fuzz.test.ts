import t from 'tap'
import type { Sql } from 'postgres'
import { statementsOf } from '../../lib/data/wire/sql-statements.ts'
import { kindOfStatement } from '../../lib/data/wire/statement-kinds.ts'
import { testServer } from '../support/database.ts'
import { plainClient } from '../support/tenancy.ts'

// Where our lexer and PostgreSQL's disagree, a word can hide. The same texts go to both, from a fixed seed, and the
// server is the judge.

const SEED = 20_261_126
const MILLISECONDS = 3_000

/** The numbers of a linear congruential generator: the same in each run. */
function randomFrom (seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
}

const SPACES = [' ', '\n', '\t', '\r', '\f', '--x\n', '-- \'\r', '--;\n', '/**/', '/*;*/', '/*/**/*/', '/*\'*/', '/* -- */', '/*$$*/', '--/*\n', '/*/*;*/ " */']
const VALUES = [
  '1', '1.5', '.5', '1e1', 'null', "''", "';'", "''''", "'\\'", "E'\\''", "E'a\\\\'", "e'\\';'", "E''';'", "E'a'\n'\\';'", "E'a' --;\n'\\''", "'a'\n';'", "'a'\n'\\'", "b'1'", "x'1f'", "N';'", "U&'\\0041;'", "u&'''' uescape '!'",
  '$$;$$', '$a$;$$;$a$', '$a$$b$;$a$', '$_1$;$_1$', '$é$;$é$', '$$$a$$', '$A$$a$$A$', "$$'$$", "'$$'", '1$$;$$', 'null$$', "date'2020-01-01'", "(select';')", '- - 1', '1 - -1', '1/ /**/2', '2*/**/3', '+/*;*/1'
]
const NAMES = ['a', 'e', 'n', 'x', 'u', '_', 'a$b', 'a$$', 'é', '"a"', '";"', '""""', '"a""b"', "\"'\"", '"$$"', '"/*"', '"--"', 'U&"\\0061;"', 'u&"--"', 'E', 'begin', 'atomic', 'end']
const LOOSE = ["'", '"', '$', '$$', '$a$', '/*', '*/', '--', '\n', '\\', ';', "E'", "U&'", 'U&"', '&', 'e', '(', ')', '\u00A0', '\uFEFF', '1', '_', '::text']
const ENDS = [';', '; ;', ';--x\n', ';/*;*/', '']

const pick = (random: (below: number) => number, from: readonly string[]): string => from[random(from.length)] ?? ''

/** Mostly statements that PostgreSQL takes; now and then something loose among them. */
function textOf (random: (below: number) => number): string {
  const parts = [pick(random, ['', '', ';', ' ; '])]
  for (let statements = random(3); statements >= 0; statements--) {
    parts.push(pick(random, ['', ...SPACES]), 'select', pick(random, SPACES))
    for (let columns = random(3); columns >= 0; columns--) {
      parts.push(pick(random, VALUES), pick(random, SPACES), 'as', pick(random, SPACES), pick(random, NAMES), pick(random, ['', ...SPACES]))
      if (random(6) === 0) parts.push(pick(random, LOOSE))
      if (columns > 0) parts.push(',')
    }
    parts.push(pick(random, statements === 0 ? ENDS : ENDS.slice(0, -1)))
  }
  return parts.join('')
}

/** How many statements the server sees in a text; undefined if it is no SQL to it. */
async function countOf (sql: Sql, text: string): Promise<'none' | 'one' | 'several' | undefined> {
  try {
    const { columns } = await sql.unsafe(text).describe()
    return columns.length > 0 ? 'one' : 'none'
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    if (error.message.includes('multiple commands')) return 'several'
    // Errors of the lexer and the grammar; all others come once the text was taken apart.
    return ['42601', '22025', '22P06', '42622', '22021'].includes(String(error.code)) ? undefined : 'one'
  }
}

t.test('the server and our lexer', async (t) => {
  const sql = plainClient(t, await testServer(), { max: 4 })
  const random = randomFrom(SEED)

  t.test('see the same number of statements in a text', async (t) => {
    const until = performance.now() + MILLISECONDS
    const seen = { none: 0, one: 0, several: 0, refused: 0 }
    const check = async (text: string): Promise<void> => {
      const count = await countOf(sql, text)
      seen[count ?? 'refused']++
      if (count === undefined) return
      const ours = statementsOf(text).length
      const isSame = count === 'none' ? ours === 0 : count === 'one' ? ours === 1 : ours > 1
      if (!isSame) t.fail(`${JSON.stringify(text)}: ${count} for the server, ${ours} for us`)
    }
    while (performance.now() < until) await Promise.all(Array.from({ length: 40 }, () => check(textOf(random))))
    t.comment(JSON.stringify(seen))
    t.ok(seen.one > 200 && seen.several > 200, 'enough of them are SQL')
  })
})

/** The extended protocol, as the tenant client speaks it. The driver's types do not know the option. */
const EXTENDED = { prepare: false, simple: false }

// What the server says that it has done, of texts with noise between their words.
const SAFE = /^(SELECT|INSERT|UPDATE|DELETE|MERGE|EXPLAIN|SHOW)$/
const STATEMENTS: readonly (readonly string[])[] = [
  ['begin'], ['start', 'transaction'], ['commit'], ['end'], ['rollback'], ['abort'], ['commit', 'and', 'no', 'chain'], ['commit', 'work'], ['rollback', 'transaction'],
  ['select', '1'], ['(', 'select', '1', ')'], ['values', '(', '1', ')'], ['table', 'pg_am'], ['show', 'timezone'], ['with', 'x', 'as', '(', 'select', '1', ')', 'select', '1', 'from', 'x'],
  ['explain', 'select', '1'], ['set', 'x.y', '=', '1'], ['set', 'local', 'x.y', '=', '1'], ['set', 'local', '.', 'y', '=', '1'], ['reset', 'x.y'], ['listen', 'x'], ['unlisten', '*'], ['notify', 'x'], ['discard', 'plans'],
  ['deallocate', 'all'], ['do', '$$begin end$$'], ['prepare', 'p', 'as', 'select', '1'], ['execute', 'p'], ['explain', 'execute', 'p'], ['explain', '(', 'analyze', ')', 'execute', 'p'],
  ['declare', 'c', 'cursor', 'with', 'hold', 'for', 'select', '1'], ['close', 'all'], ['checkpoint'], ['load', "'plpgsql'"], ['set', 'transaction', 'read', 'only'], ['set', 'constraints', 'all', 'deferred']
]

t.test('what the server has done', async (t) => {
  const sql = plainClient(t, await testServer())
  const random = randomFrom(SEED)
  const cases = (word: string): string => word.replaceAll(/[a-z]/g, (letter) => random(2) === 0 ? letter : letter.toUpperCase())

  t.test('is what we took it for', async (t) => {
    const until = performance.now() + MILLISECONDS / 2
    let done = 0
    while (performance.now() < until) {
      const words = STATEMENTS[random(STATEMENTS.length)] ?? []
      const text = [pick(random, ['', ';', ...SPACES]), ...words.map((word) => cases(word) + pick(random, SPACES))].join('')
      const tag = await sql.unsafe(text, [], EXTENDED).then(({ command }) => command, () => undefined)
      await sql.unsafe('rollback')
      if (tag === undefined) continue
      done++
      const { kind } = kindOfStatement(text)
      const isRunningAnother = /execute/i.test(text)
      if (kind === 'plain' && (!SAFE.test(tag) || isRunningAnother)) t.fail(`${JSON.stringify(text)}: ${tag} is taken for plain`)
      if (kind === 'refused' && SAFE.test(tag) && !isRunningAnother) t.fail(`${JSON.stringify(text)}: ${tag} is refused`)
    }
    t.comment(String(done))
    t.ok(done > 200, 'enough of them are SQL')
  })
})

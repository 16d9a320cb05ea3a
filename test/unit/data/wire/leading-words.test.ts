import t from 'tap'
import { leadingWords } from '../../../../lib/data/wire/leading-words.ts'

t.test('leadingWords()', async (t) => {
  const cases: readonly (readonly [text: string, words: readonly string[]])[] = [
    ['select 1', ['select']],
    ['SELECT a FROM b', ['select', 'a']],
    ['  \t\n\f\v select', ['select']],
    ['-- a comment\ncommit', ['commit']],
    ['-- a comment\rcommit', ['commit']],
    ['--only a comment', []],
    ['/* one */ commit', ['commit']],
    ['/* /* */ commit -- */ select 1', ['select']],
    ['/* /* two */ one */commit', ['commit']],
    ['/* never ends', []],
    ['/**/-- x\n/* y */begin;', ['begin']],
    [';;; commit', ['commit']],
    ['((select 1) union select 2)', ['select']],
    ['start/* */transaction', ['start', 'transaction']],
    ['set --x\n local x = 1', ['set', 'local']],
    ['commit;select', ['commit', 'select']],
    ['', []],
    ['$1', []],
    ['"select" 1', []],
    ['1select', []],
    ['prepare_x as', ['prepare_x', 'as']]
  ]
  for (const [text, words] of cases) {
    t.test(`reads ${JSON.stringify(text)}`, async (t) => t.same(leadingWords(text, 2), words))
  }

  t.test('takes no longer than the text is long', async (t) => {
    const started = performance.now()
    leadingWords('/*'.repeat(200_000), 1)
    leadingWords('-- \n'.repeat(200_000), 1)
    t.ok(performance.now() - started < 2_000)
  })
})

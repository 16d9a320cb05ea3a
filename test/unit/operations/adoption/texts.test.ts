import t from 'tap'
import { textsOf } from '../../../../lib/operations/adoption/texts.ts'

t.test('the texts of code', async (t) => {
  t.test('are its strings and templates, each with the line that it begins in', async (t) => {
    t.same(textsOf('const a = \'one\'\nconst b = "two" // "not this"\n/* nor `that`\n */ f(`three\n four`)\ng(\'it\\\'s\')'), [
      { text: 'one', line: 1 }, { text: 'two', line: 2 }, { text: 'three\n four', line: 4 }, { text: 'it\\\'s', line: 6 }
    ])
  })

  t.test('leave out what stands in a hole of a template, whose own texts are texts by themselves', async (t) => {
    t.same(textsOf('sql`select #{sql(`a #{{ b: { c: "d" } }}`)}\nfrom x where y = #{z}`'.replaceAll('#', '$')), [{ text: 'd', line: 1 }, { text: 'a $1', line: 1 }, { text: 'select $1\nfrom x where y = $1', line: 1 }])
  })

  t.test('end with the file where they have no end', async (t) => {
    t.same(textsOf('f(`x'), [{ text: 'x', line: 1 }])
    t.same(textsOf('f(\'x\ng("y")'), [{ text: 'x', line: 1 }, { text: 'y', line: 2 }])
  })
})

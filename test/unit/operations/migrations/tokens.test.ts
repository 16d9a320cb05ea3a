import t from 'tap'
import { tokensOf } from '../../../../lib/operations/migrations/tokens.ts'

const kindsOf = (sql: string) => [...tokensOf(sql)].filter(({ kind }) => kind !== 'space').map(({ kind, text }) => `${kind} ${text}`)

t.test('tokensOf()', async (t) => {
  t.test('takes strings, quoted names and comments as one piece', async (t) => {
    t.same(kindsOf("select 'a;''b' /* ; /* ; */ ; */ -- ;\n, \"c;\"\"d\", E'e\\';', U&'f;', b'0'"), [
      'word select', "other 'a;''b'", 'other ,', 'other "c;""d"', 'other ,', "other E'e\\';'", 'other ,', "other U&'f;'", 'other ,', "other b'0'"
    ])
  })

  t.test('takes dollar quotes as one piece, and dollars in names as part of them', async (t) => {
    t.same(kindsOf('$$a;$b$;$$ $tag$ $$;$tag$ a$b$ ; $1'), ['other $$a;$b$;$$', 'other $tag$ $$;$tag$', 'word a$b$', 'semicolon ;', 'other $', 'other 1'])
  })

  t.test('runs to the end of the text with what has no end', async (t) => {
    for (const sql of ["'a; b", '"a; b', '$$a; b', '/* /* */ a; b', "E'a\\'; b"]) t.same(kindsOf(sql).filter((token) => token.startsWith('semicolon')), [], sql)
  })

  t.test('takes a string of many megabytes', async (t) => {
    const text = `'${"it''s ".repeat(1_000_000)}'`
    t.equal([...tokensOf(text)].length, 1)
    t.equal([...tokensOf(`E${text}`)].length, 1)
  })

  t.test('loses no character', async (t) => {
    const sql = "é$x := 1.5e3;\t'ü' (a[1]) <> \\ \u{1f600} --"
    t.equal([...tokensOf(sql)].map(({ text }) => text).join(''), sql)
  })
})

import t from 'tap'
import { roleOf } from '../../../../lib/operations/roles/index.ts'

t.test('roleOf()', async (t) => {
  t.test('finds the role of a URL or of options', async (t) => {
    t.equal(roleOf('postgres://zak%20ops:secret@localhost/zakops'), 'zak ops')
    t.equal(roleOf({ user: 'app', database: 'x' }), 'app')
    t.equal(roleOf({ username: 'app', database: 'x' }), 'app')
  })
})

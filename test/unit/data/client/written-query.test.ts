import postgres from 'postgres'
import t from 'tap'
import { isDriverQuery, type DriverQuery } from '../../../../lib/data/wire/index.ts'
import { knownText } from '../../../../lib/data/client/written-query.ts'

const sql = postgres({ max: 1 })

function query (value: unknown): DriverQuery {
  if (!isDriverQuery(value)) throw new Error('not a query of the driver')
  return value
}

t.test('knownText()', async (t) => {
  t.test('shows parameters as $1 and fragments and identifiers as they are', async (t) => {
    t.equal(knownText(query(sql`select ${1} from ${sql('deals')} ${sql`where a = ${2}`}`)), 'select $1 from "deals" where a = $1')
  })

  t.test('sees the first word of a fragment', async (t) => {
    t.equal(knownText(query(sql`${sql`commit`}`)), 'commit')
    t.equal(knownText(query(sql`/* ${sql`*/ commit --`} */ select 1`)), '/* */ commit -- */ select 1')
    t.equal(knownText(query(sql`${sql.unsafe('roll')}${sql.unsafe('back')}`)), 'rollback')
  })

  t.test('sees what an identifier can close', async (t) => {
    t.equal(knownText(query(sql`/* ${sql('*/ commit --')} */ select 1`)), '/* "*/ commit --" */ select 1')
  })

  t.test('stops at a helper, whose text is not known yet', async (t) => {
    t.equal(knownText(query(sql`insert into t ${sql({ a: 1 })} returning a`)), 'insert into t ')
    t.equal(knownText(query(sql`${sql(['a', 'b'])} from t`)), '')
    t.equal(knownText(query(sql`${[sql`commit`]}`)), '')
  })

  t.test('takes a text given to unsafe as it is', async (t) => {
    t.equal(knownText(query(sql.unsafe('select $1', ['commit']))), 'select $1')
  })
})

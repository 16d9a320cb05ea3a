import t from 'tap'
import { refusalOf } from '../../../../../lib/operations/audit/trying/session.ts'
import { ContextRefusedError } from '../../../../../lib/words/errors/index.ts'

const failed = (code: string): Error => Object.assign(new Error('no'), { code })

t.test('refusalOf()', async (t) => {
  t.test('takes what the server refuses for a refusal', async (t) => {
    for (const error of [failed('42501'), failed('22P02'), failed('0A000'), failed('57014')]) t.same(refusalOf(error), { refusal: 'no' })
    t.match(refusalOf(new ContextRefusedError()), { refusal: /./ }, 'keys that the database does not know')
  })

  t.test('throws whatever else happens: a lost connection must not read as "nothing came through"', async (t) => {
    for (const error of [failed('08006'), failed('57P01'), failed('CONNECTION_CLOSED'), new Error('no'), 'no']) t.throws(() => refusalOf(error))
  })
})

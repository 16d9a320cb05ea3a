import t from 'tap'
import { errorFields, errorMessage, isFatal, repositioned, withHiddenRoutine } from '../../../../lib/data/wire/error-fields.ts'
import { message } from '../../../../lib/data/wire/messages.ts'

const NOTICE = 'N'.charCodeAt(0)
const notice = (...fields: readonly string[]): Buffer => message(NOTICE, ...fields.map((field) => `${field}\0`), '\0')

t.test('errorFields()', async (t) => {
  t.test('reads fields by the driver\'s names, and leaves out those that no name is known for', async (t) => {
    t.same(errorFields(notice('SFEHLER', 'VERROR', 'C42P01', 'Mno such table', 'Zwhatever', 'tdeäls')),
      { severity_local: 'FEHLER', severity: 'ERROR', code: '42P01', message: 'no such table', table_name: 'deäls' })
  })

  t.test('reads what there is of a message that was cut off', async (t) => {
    const whole = notice('VFATAL', 'Mgoing down')
    t.same(errorFields(whole.subarray(0, whole.length - 4)), { severity: 'FATAL' })
  })

  t.test('tells which errors end a connection', async (t) => {
    t.notOk(isFatal(errorFields(errorMessage('XX000', 'no', 'ours'))))
    t.equal(errorFields(errorMessage('XX000', 'no', 'ours'))['routine'], 'ours')
    for (const severity of ['FATAL', 'PANIC']) t.ok(isFatal({ severity }))
    t.ok(isFatal({}), 'one that does not say it')
  })
})

t.test('repositioned()', async (t) => {
  t.test('counts from the start of the user\'s text', async (t) => {
    const moved = repositioned(notice('VERROR', 'P25', 'p7'), 20)
    t.equal(moved[0], NOTICE)
    t.same(errorFields(moved), { severity: 'ERROR', position: '5', internal_position: '7' })
  })

  t.test('leaves a position out that is in what stands in front', async (t) => {
    t.same(errorFields(repositioned(notice('VERROR', 'P20'), 20)), { severity: 'ERROR' })
  })
})

t.test('withHiddenRoutine() keeps the routine from the driver, and nothing from us', async (t) => {
  const hidden = withHiddenRoutine(notice('SFEHLER', 'VERROR', 'C0A000', 'Mno', 'RRevalidateCachedQuery'))
  t.notOk(hidden.includes('RRevalidateCachedQuery\0'))
  t.same(errorFields(hidden), { severity_local: 'FEHLER', severity: 'ERROR', code: '0A000', message: 'no', routine: 'RevalidateCachedQuery' })
})

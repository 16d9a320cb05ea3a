import t from 'tap'
import { Enclosure } from '../../../../lib/data/lanes/enclosure.ts'
import { BACKEND, IDLE, IN_FAILED_TRANSACTION, IN_TRANSACTION, message } from '../../../../lib/data/wire/index.ts'

const RUNNING = { isFailed: false, isPassing: true, isCursor: false }
const FAILED = { ...RUNNING, isFailed: true }
const CURSOR = { ...RUNNING, isCursor: true }
const tag = (words: string): Buffer => message(BACKEND.commandComplete, `${words}\0`)
const INSERTED = tag('INSERT 0 1')
const pass = (enclosure: Enclosure, bytes: Buffer, state = RUNNING): unknown => enclosure.pass(bytes[0] ?? 0, () => bytes, state)
const end = (enclosure: Enclosure, bytes: Buffer, state = RUNNING): unknown => enclosure.end(bytes[0] ?? 0, bytes, 0, bytes.length, state)

t.test('the transaction of one statement', async (t) => {
  t.test('hands on that it is done when the server has committed it', async (t) => {
    const enclosure = new Enclosure(true)
    const row = message(BACKEND.dataRow, 'x')
    t.equal(pass(enclosure, row), 'pass')
    t.equal(pass(enclosure, INSERTED), 'swallow')
    t.equal(enclosure.ready(IN_TRANSACTION, RUNNING), 'swallow')
    t.equal(enclosure.takeDue(), undefined, 'its commit was sent with it')
    t.same(end(enclosure, tag('COMMIT')), { instead: INSERTED })
    t.equal(enclosure.ready(IDLE, RUNNING), undefined)
  })

  t.test('is not believed where the server rolls back without a reason, commits a failure or says something else', async (t) => {
    for (const [state, answer, wanted] of [
      [RUNNING, tag('ROLLBACK'), 'rolled back'], [FAILED, tag('ROLLBACK'), 'swallow'], [FAILED, tag('COMMIT'), 'kill'],
      [RUNNING, tag('SELECT 1'), 'kill'], [RUNNING, message(BACKEND.dataRow, 'x'), 'kill']
    ] as const) {
      const enclosure = new Enclosure(true)
      pass(enclosure, INSERTED)
      enclosure.ready(state.isFailed ? IN_FAILED_TRANSACTION : IN_TRANSACTION, state)
      t.equal(end(enclosure, answer, state), wanted)
    }
  })

  t.test('has to be there when its statement has ended', async (t) => {
    for (const [status, state] of [[IDLE, RUNNING], [IN_FAILED_TRANSACTION, RUNNING], [IN_TRANSACTION, FAILED], [IDLE, FAILED], [IN_TRANSACTION, { ...RUNNING, isPassing: false }]] as const) {
      t.equal(new Enclosure(true).ready(status, state), 'kill')
    }
  })

  t.test('keeps the order of a text of several statements, and only its last "done"', async (t) => {
    const enclosure = new Enclosure(false)
    const columns = message(BACKEND.rowDescription, 'x')
    t.equal(pass(enclosure, INSERTED), 'swallow')
    t.same(pass(enclosure, columns), { instead: Buffer.concat([INSERTED, columns]) })
    t.equal(pass(enclosure, tag('SELECT 1')), 'swallow')
    t.ok(enclosure.isHolding)
    t.equal(enclosure.ready(IN_TRANSACTION, RUNNING), 'swallow')
    t.match(enclosure.takeDue()?.toString('latin1'), 'commit')
    t.same(end(enclosure, tag('COMMIT')), { instead: tag('SELECT 1') })
  })

  t.test('of a cursor is ended for the driver, which ends it once more', async (t) => {
    const enclosure = new Enclosure(false)
    t.equal(pass(enclosure, tag('SELECT 2'), CURSOR), 'swallow')
    t.match(enclosure.takeDue()?.toString('latin1'), 'commit')
    t.equal(enclosure.ready(IN_TRANSACTION, CURSOR), 'swallow')
    t.same(end(enclosure, tag('COMMIT'), CURSOR), { instead: tag('SELECT 2') })
    t.equal(enclosure.ready(IDLE, CURSOR), 'swallow')
    t.equal(enclosure.ready(IDLE, CURSOR), undefined)
  })
})

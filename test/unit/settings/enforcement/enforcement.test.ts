import t from 'tap'
import { createEnforcement } from '../../../../lib/settings/enforcement/index.ts'

function recorder () {
  const lines: Array<{ level: string, details: object, message: string }> = []
  const at = (level: string) => (details: object, message: string) => { lines.push({ level, details, message }) }
  return { lines, log: { info: at('info'), warn: at('warn'), error: at('error') } }
}

t.test('createEnforcement()', async (t) => {
  t.test('throws what is refused, and says nothing at the start', async (t) => {
    const { lines, log } = recorder()
    const enforcement = createEnforcement(true, log)
    const error = new Error('refused')
    t.throws(() => enforcement.refuse(error), error)
    t.equal(enforcement.observed, 0)
    t.equal(enforcement.isObserving, false)
    t.same(lines, [])
  })

  t.test('in observe mode warns at every start, logs and counts', async (t) => {
    const { lines, log } = recorder()
    const enforcement = createEnforcement(false, log)
    t.match(lines, [{ level: 'warn', message: /ENFORCE_TENANT_ISOLATION is false/ }])
    const error = new Error('refused')
    enforcement.refuse(error, { route: '/deals' })
    enforcement.refuse(error)
    t.equal(enforcement.observed, 2)
    t.equal(enforcement.isObserving, true)
    t.match(lines[1], { level: 'warn', details: { route: '/deals', err: error }, message: /would be refused/ })
    createEnforcement(false, log)
    t.equal(lines.length, 4, 'the next start warns again')
  })
})

import t from 'tap'
import { attemptsOf, isOwn, rowsOf, twoIds } from '../../../../lib/operations/audit/trying/values.ts'
import { type Policy, conditionOf } from '../../../../lib/operations/audit/trying/shapes.ts'

t.test('twoIds()', async (t) => {
  t.same(twoIds('text', ['acme', 'globex', 'initech']), ['acme', 'globex'])
  t.equal(twoIds('text', ['acme'])[0], 'acme')
  t.match(twoIds('uuid', ['acme', '7']), [/^[0-9a-f-]{36}$/, /^[0-9a-f-]{36}$/], 'an id that is no uuid cannot be tried on one')
  t.same(twoIds('number', ['acme', '7', '8']), ['7', '8'])
})

t.test('isOwn()', async (t) => {
  t.equal(isOwn('acme', 'acme'), true)
  for (const [setting, row] of [[undefined, null], ['', ''], [' ', ''], ['%', 'acme'], ['ACME', 'acme'], ['acme ', 'acme'], ['acme', null], ['acme', 'globex']] as const) {
    t.equal(isOwn(setting, row), false, `${String(setting)} and ${String(row)}`)
  }
})

t.test('attemptsOf()', async (t) => {
  const settings = attemptsOf(['acme', 'globex']).map(({ setting }) => setting)
  t.equal(settings[0], undefined, 'what was never set comes first: afterwards it reads as empty for good (R-12)')
  for (const setting of ['', ' ', '%', 'ACME', 'acme ', 'acm', 'acme,globex', 'acme', 'globex']) t.ok(settings.includes(setting), setting)
  t.ok(rowsOf('text', ['acme', 'globex']).includes(null))
})

t.test('conditionOf()', async (t) => {
  const policy = (command: string, permissive: boolean, using: string | null, check: string | null = null): Policy => ({ command, permissive, using, check })
  t.equal(conditionOf([], 'reads'), 'false', 'without a policy nothing passes')
  t.equal(conditionOf([policy('*', false, 'r')], 'reads'), 'false', 'a restrictive one opens nothing')
  t.equal(conditionOf([policy('*', true, 'a'), policy('r', true, 'b'), policy('*', false, 'r'), policy('d', false, 'never')], 'reads'), '((a) or (b)) and (r)')
  t.equal(conditionOf([policy('*', true, 'a', 'c'), policy('w', true, 'u')], 'moves'), '((c) or (u))', 'a check that is left out is the condition of USING')
  t.equal(conditionOf([policy('a', true, null, 'c'), policy('*', true, 'a', 'd')], 'inserts'), '((c) or (d))')
})

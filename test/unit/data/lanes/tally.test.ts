import t from 'tap'
import { Tally } from '../../../../lib/data/lanes/tally.ts'

t.test('each tenant is counted by itself, and never below zero', async (t) => {
  const tally = new Tally()
  const acme = tally.add('acme')
  t.equal(tally.add('acme'), acme, 'the share of a tenant is one object')
  const globex = tally.add('globex')
  t.not(globex, acme)
  globex.remove()
  globex.remove()
  t.same([tally.of('acme'), tally.of('globex'), tally.of('initech')], [2, 0, 0])
  tally.add('globex')
  t.equal(tally.of('globex'), 1, 'one is one, whatever was taken away too often')
  acme.remove()
  t.same([tally.of('acme'), tally.of('globex')], [1, 1])
})

t.test('tenants that have none are forgotten when there are many, and those that have some never', async (t) => {
  const tally = new Tally()
  const acme = tally.add('acme')
  for (let n = 0; n < 10_000; n++) tally.add(`t${n}`).remove()
  t.ok(tally.size <= 1_000, `${tally.size} are remembered`)
  t.equal(tally.of('acme'), 1)
  t.equal(tally.add('acme'), acme)
})

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { adoptingScene } from '../support/adopting.ts'
import { runMain } from '../support/command-line.ts'
import { dumpOf } from '../support/dump.ts'

t.test('adopt, step by step on the command line, there and back, and then for good', async (t) => {
  const scene = await adoptingScene(t, { rows: 20 })
  const cwd = t.testdir({ src: { 'deals.ts': 'export const all = \'select * from zakops.deals on conflict (deal_id) do nothing\'\n' } })
  const env = { TENANT_MODE: 'multi', DATABASE_URL: scene.appUrl, OWNER_DATABASE_URL: scene.ownerUrl, ADMIN_DATABASE_URL: scene.adminUrl }
  const adopt = async (...argv: readonly string[]) => await runMain(['adopt', ...argv], { cwd, env })
  const step = async (...argv: readonly string[]): Promise<unknown> => {
    const { code, out, err } = await adopt(...argv, '--json')
    t.equal(code, 0, `adopt ${argv.join(' ')} ${err}`)
    return JSON.parse(out)
  }
  const original = await dumpOf(scene.admin)
  t.equal((await adopt('leap')).code, 2, 'a step that is none')
  t.equal((await adopt('stamp')).code, 1, 'no plan')
  t.match(await step('plan', '--schema', 'zakops', '--tenant', 'acme', '--isolation', 'rls'), { schema: 'zakops', tenant: 'acme', target: 'rls' })
  const file = join(cwd, 'zakops-tenancy.adopt.json')
  const plan: unknown = JSON.parse(readFileSync(file, 'utf8'), (name, value: unknown) => name === 'accepted' ? true : value)
  writeFileSync(file, JSON.stringify(plan))
  t.match(await step('plan', '--check'), { problems: [] })
  t.match((await adopt('observe', '--code', 'src')).out, /deals\.ts:1/)
  t.match((await adopt('status')).out, /nothing is being adopted/)
  t.match(await step('stamp'), { stage: 'stamped' })
  t.match(await step('shadow'), { differences: [] })
  t.match(await step('enforce'), { stage: 'enforced' })
  t.match((await adopt('status')).out, /acme/)
  t.match(await step('undo'), { stage: 'none' })
  t.equal(await dumpOf(scene.admin), original, 'everything is as it was')
  await step('stamp')
  await step('enforce')
  t.not((await adopt('finish')).code, 0, 'nobody said yes')
  t.match(await step('finish', '--yes'), { stage: 'finished' })
  t.equal((await scene.admin`select from shared.deals where tenant_id = 'acme'`).count, 20)
})

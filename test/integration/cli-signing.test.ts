import t from 'tap'
import { SCRIPT, asJson, commandScene, keepsSecrets } from '../support/command-line.ts'
import { SECRET } from '../support/signing.ts'

/** What doctor says of signing. */
function signingOf (report: unknown): readonly unknown[] {
  const { checkups }: { checkups?: unknown } = Object(report)
  return Array.isArray(checkups) ? checkups.filter(({ check }) => check === 'signing').map(({ state }) => state) : []
}

t.test('zakops-tenancy signing', async (t) => {
  t.test('takes a service from plain to signed tenant ids, and changes its key, without a word of a secret', async (t) => {
    const found = await commandScene(t, { 'docs.mjs': SCRIPT })
    const scene = { ...found, secrets: [...found.secrets, SECRET] }
    const does = async (keys: string | undefined, ...argv: readonly string[]) => {
      const ran = await scene.run(asJson(argv), { env: { TENANT_SIGNING: keys } })
      keepsSecrets(t, scene, ran)
      return ran
    }
    const [first, both, second] = [`k1:${SECRET}`, `k2:${SECRET}2,k1:${SECRET}`, `k2:${SECRET}2`]
    await does(undefined, 'create', 'acme')
    await does(undefined, 'run', 'docs.mjs', '--tenant', 'acme', '--', 'write')

    t.match((await does(undefined, 'signing', 'status')).json, [{ server: 'default', stage: 'off', keys: [] }])
    t.match(await does(undefined, 'signing', 'add'), { code: 1, json: { error: { code: 'FST_TENANCY_OPTIONS_INVALID' } } })
    t.match((await does(first, 'signing', 'add')).json, [{ stage: 'optional', keys: [{ id: 'k1', retiredAt: null }], unsignedTables: ['tenant_acme.docs'] }])
    t.match(await does(first, 'signing', 'require'), { code: 1, json: { error: { code: 'FST_TENANCY_SIGNING_CHANGE_REFUSED' } } })
    t.same(signingOf((await does(first, 'doctor')).json), ['failed'])
    t.match((await does(first, 'migrate')).json, { done: 1, failed: 0 })
    t.match((await does(first, 'signing', 'require')).json, [{ stage: 'required', unsignedTables: [] }])
    t.match((await does(first, 'run', 'docs.mjs', '--tenant', 'acme')).json, { failed: 0, results: [{ value: { rows: [{ body: 'secret of acme' }] } }] })
    t.match(await does(undefined, 'run', 'docs.mjs', '--tenant', 'acme'), { code: 1, json: { error: { code: 'FST_TENANCY_SIGNING_REFUSED' } } })
    t.same(signingOf((await does(first, 'doctor')).json), ['ok'])
    t.same(signingOf((await does(undefined, 'doctor')).json), ['failed'], 'and says why nobody is served')

    t.match((await does(both, 'signing', 'add')).json, [{ keys: [{ id: 'k1' }, { id: 'k2' }] }])
    t.match((await does(second, 'signing', 'retire', 'k1')).json, [{ keys: [{ id: 'k1', retiredAt: /./ }, { id: 'k2', retiredAt: null }] }])
    t.match((await does(second, 'run', 'docs.mjs', '--tenant', 'acme')).json, { failed: 0 })
    t.match(await does(first, 'run', 'docs.mjs', '--tenant', 'acme'), { code: 1 })
    for (const wrong of [['signing', 'forget'], ['signing', 'retire'], ['signing', 'add', 'k1']]) t.match(await does(second, ...wrong), { code: 2 }, wrong.join(' '))
  })
})

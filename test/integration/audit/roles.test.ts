import t from 'tap'
import { runAudit } from '../../../lib/operations/audit/index.ts'
import { plantAndRepair } from '../../support/audit/fault.ts'
import { ROLE_FAULTS } from '../../support/audit/roles.ts'
import { auditScene, auditSceneAlone } from '../../support/audit/scene.ts'

t.test('the audit of the role', async (t) => {
  const scene = await auditScene(t)
  t.same(await scene.findings(), [], 'is silent before')
  for (const [what, fault] of Object.entries(ROLE_FAULTS)) {
    await t.test(`finds ${what}, and is silent when it is repaired`, async (t) => await plantAndRepair(t, scene, fault))
  }
  t.same(await scene.findings(), [], 'is silent afterwards')
})

t.test('the audit as the wrong role', async (t) => {
  const { admin, owner, names, findings } = await auditScene(t)

  t.test('says of a superuser that it is one, and never to take its power away', async (t) => {
    await admin.unsafe(`alter role ${names.app} superuser`)
    t.match(await findings(), [{ check: 'role-superuser', severity: 'fatal', object: names.app, repair: /^-- log in as/ }])
    t.equal((await findings()).length, 1)
    await admin.unsafe(`alter role ${names.app} nosuperuser`)
  })

  t.test('says of the role that owns the schemas that it is that, once', async (t) => {
    const audit = async () => await runAudit(async (text) => await owner.unsafe(text))
    t.match(await audit(), [{ check: 'role-is-owner', severity: 'fatal', object: names.owner, repair: /^-- log in as/ }])
    t.equal((await audit()).length, 1)
    await admin.unsafe('drop schema zakops_tenancy cascade')
    t.match(await audit(), [{ check: 'role-is-owner' }], 'also where there is no registry')
  })
})

t.test('the audit finds powers that the role can reach through another one', async (t) => {
  const { admin, names, findings } = await auditSceneAlone(t)
  const between = `between_${names.app}`
  await admin.unsafe(`create role ${between}; grant pg_read_all_data to ${between}; grant ${between} to ${names.app}`)
  t.teardown(() => admin.unsafe(`drop role ${between}`))
  t.match((await findings()).filter(({ check }) => check.startsWith('role-member')), [{ check: 'role-member-of-powerful', severity: 'fatal', object: 'pg_read_all_data' }, { check: 'role-membership', object: between }])
})

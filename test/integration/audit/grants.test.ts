import t from 'tap'
import { plantAndRepair } from '../../support/audit/fault.ts'
import { GRANT_FAULTS, SERVER_WIDE_FAULTS } from '../../support/audit/grants.ts'
import { auditScene, auditSceneAlone } from '../../support/audit/scene.ts'

for (const [where, sceneOf, faults] of [['one database', auditScene, GRANT_FAULTS], ['a whole server', auditSceneAlone, SERVER_WIDE_FAULTS]] as const) {
  t.test(`the audit of rights in ${where}`, async (t) => {
    const scene = await sceneOf(t)
    t.same(await scene.findings(), [], 'is silent before')
    for (const [what, fault] of Object.entries(faults)) {
      await t.test(`finds ${what}, and is silent when it is repaired`, async (t) => await plantAndRepair(t, scene, fault))
    }
    t.same(await scene.findings(), [], 'is silent afterwards')
  })
}

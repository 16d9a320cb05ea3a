import t from 'tap'
import { plantAndRepair } from '../../support/audit/fault.ts'
import { KEY_FAULTS } from '../../support/audit/keys.ts'
import { auditScene } from '../../support/audit/scene.ts'

t.test('the audit of keys', async (t) => {
  const scene = await auditScene(t)
  t.same(await scene.findings(), [], 'is silent before')
  for (const [what, fault] of Object.entries(KEY_FAULTS)) {
    await t.test(`finds ${what}, and is silent when it is repaired`, async (t) => await plantAndRepair(t, scene, fault))
  }
  t.same(await scene.findings(), [], 'is silent afterwards')
})

import t from 'tap'
import { runAudit } from '../../../../lib/operations/audit/index.ts'
import { checksOf, wrongRoleChecks } from '../../../../lib/operations/audit/checks/index.ts'

t.test('runAudit()', async (t) => {
  t.test('takes no answer that it cannot read for "nothing found"', async (t) => {
    await t.rejects(runAudit(async () => [{ Object: 'renamed by the driver' }]), { code: 'FST_TENANCY_ROLE_UNSAFE' })
    await t.rejects(runAudit(async () => { throw new Error('connection lost') }), { message: 'connection lost' })
  })

  t.test('says of a superuser nothing but that', async (t) => {
    const asked: string[] = []
    const findings = await runAudit(async (text) => { asked.push(text); return [{ object: 'postgres', repair: 'alter role' }] })
    t.match(findings, [{ check: 'role-superuser', severity: 'fatal' }])
    t.equal(asked.length, 1)
  })

  t.test('looks at the shared schema of the settings', async (t) => {
    const asked: string[] = []
    await runAudit(async (text) => { asked.push(text); return [] }, { sharedSchema: "o'ther" })
    t.equal(asked.filter((text) => text.includes("n.nspname = 'o''ther'")).length, 1)
  })

  t.test('has checks with names of their own', async (t) => {
    const checks = [...wrongRoleChecks, ...checksOf({ sharedSchema: 'shared' })]
    t.equal(new Set(checks.map(({ name }) => name)).size, checks.length)
  })
})

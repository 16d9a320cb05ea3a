import t from 'tap'
import { checks, wrongRoleChecks } from '../../../../lib/operations/audit/checks/index.ts'
import { auditCatalog, runAudit } from '../../../../lib/operations/audit/index.ts'
import { ROLE_FAULTS } from '../../../support/audit/roles.ts'
import { SETTING_FAULTS } from '../../../support/audit/settings.ts'
import { GRANT_FAULTS, SERVER_WIDE_FAULTS } from '../../../support/audit/grants.ts'
import { POLICY_FAULTS } from '../../../support/audit/policies.ts'
import { TABLE_FAULTS } from '../../../support/audit/tables.ts'
import { KEY_FAULTS } from '../../../support/audit/keys.ts'
import { CODE_FAULTS } from '../../../support/audit/code.ts'
import { CALLED_FAULTS } from '../../../support/audit/called.ts'

/** What needs a server of its own, or one that is older, another library, or another program: no test plants it. */
const UNPLANTED = ['language-untrusted', 'setting-prepared-transactions', 'statement-statistics', 'server-version']

t.test('the audit', async (t) => {
  t.test('takes no answer that it cannot read for "nothing found"', async (t) => {
    await t.rejects(runAudit(async () => [{ Object: 'renamed by the driver' }]), { code: 'FST_TENANCY_ROLE_UNSAFE' })
    await t.rejects(runAudit(async () => { throw new Error('connection lost') }), { message: 'connection lost' })
  })

  t.test('says of a superuser nothing but that', async (t) => {
    const asked: string[] = []
    const findings = await runAudit(async (text) => { asked.push(text); return [{ name: 'role-superuser', object: 'postgres', repair: '-- log in' }, { name: 'role-is-owner', object: 'postgres', repair: '-- log in' }] })
    t.match(findings, [{ check: 'role-superuser', severity: 'fatal' }])
    t.equal(findings.length, 1)
    t.equal(asked.length, 1)
  })

  t.test('takes the severity of a row before that of its check', async (t) => {
    const findings = await auditCatalog(async (text) => text.includes('role-superuser') ? [] : [{ name: 'table-elsewhere', object: 'public.deals', repair: 'revoke', severity: 'fatal' }, { name: 'table-elsewhere', object: 'public.cache', repair: 'revoke', severity: null }])
    t.match(findings, [{ severity: 'fatal' }, { severity: 'warning' }])
  })

  t.test('looks at the schemas of the settings', async (t) => {
    const asked: string[] = []
    await runAudit(async (text) => { asked.push(text); return [] }, { sharedSchema: "o'ther", extensionsSchema: 'ext' })
    t.equal(asked.filter((text) => text.includes("'o''ther'::text as shared, 'ext'::text as extensions")).length, 3)
  })

  t.test('asks six times at a start, and for what is fatal then at least', async (t) => {
    let asked = 0
    await runAudit(async () => { asked++; return [] })
    t.equal(asked, 4, 'and twice more where there are policies')
    const notThen = checks.filter(({ severity, isAtStart }) => severity === 'fatal' && !isAtStart).map(({ name }) => name)
    t.same(notThen, ['server-catalog', 'language-untrusted'], 'but for what costs too much')
  })

  t.test('has checks with names of their own, and a fault for each', async (t) => {
    const names = [...wrongRoleChecks, ...checks].map(({ name }) => name)
    t.equal(new Set(names).size, names.length)
    const faults = [ROLE_FAULTS, SETTING_FAULTS, GRANT_FAULTS, SERVER_WIDE_FAULTS, POLICY_FAULTS, TABLE_FAULTS, KEY_FAULTS, CODE_FAULTS, CALLED_FAULTS].flatMap((group) => Object.values(group))
    const planted = new Set(faults.flatMap(({ finds }) => finds.map(([check]) => check)))
    t.same(names.filter((name) => !planted.has(name)).sort(), ['role-is-owner', 'role-superuser', ...UNPLANTED].sort())
  })
})

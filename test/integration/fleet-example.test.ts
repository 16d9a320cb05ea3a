import t from 'tap'
import { runFleet } from '../../examples/fleet/fleet.ts'
import { openServers } from '../../examples/fleet/servers.ts'
import { idOf } from '../../examples/fleet/tenants.ts'

const TENANTS = 24
const MIGRATIONS = 6

t.test('the fleet of examples/fleet, on two servers of its own', async (t) => {
  const servers = await openServers([], (stop) => { t.teardown(stop) })
  // The first is `schema+rls`, see tenants.ts.
  const failing = idOf(1)

  t.test('leaves no tenant behind when it is killed while it provisions and while it migrates, and names the one that fails', async (t) => {
    const killedIn: string[] = []
    const report = await runFleet(servers, { tenants: TENANTS, concurrency: 4, fail: failing, kill: true }, { onKill: (phase) => killedIn.push(phase) })
    t.same(killedIn, ['provisioning', 'migrating'])
    t.match(report.reports, [{ failed: [failing], isResumed: true }, { failed: [], done: 1, isResumed: true }])
    t.same(report.findings.problems, [])
    t.match(report.findings, { tenants: TENANTS, databases: 1 })
    // Tenants of `rls` share one schema on each server, which may be one or two.
    const schemas = report.findings.applied / MIGRATIONS
    t.ok(Number.isInteger(schemas) && schemas < TENANTS && schemas > TENANTS / 2, `${schemas} schemas`)
    t.equal(report.findings.tables, report.findings.applied, 'six tables each, and six migrations')
    t.same(report.halves.map(({ phase }) => phase), ['provisioning', 'migrating'])
    for (const { peakConnections } of report.halves) t.ok(peakConnections > 1 && peakConnections < 40, `${peakConnections} connections`)
  })
})

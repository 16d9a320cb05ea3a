// A process for test/integration/fleet.test.ts: migrates all tenants, says so after each of them, and is killed by the test.
import { migrateTenants } from '../../lib/operations/fleet/index.ts'
import { resolveConfig } from '../../lib/settings/config/index.ts'

const [database = '', ownerDatabase = '', migrations = ''] = process.argv.slice(2)
const config = resolveConfig({ mode: 'multi', database, ownerDatabase, migrations }, {})
await migrateTenants(config, { concurrency: 2, onProgress: ({ runId, done }) => { console.log(`${runId} ${done}`) } })

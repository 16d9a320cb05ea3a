// A process for test/integration/start-database.test.ts: starts a database, says its URL and lives on.
import { startDatabase } from '../../lib/faces/testing/index.ts'

process.on('SIGINT', () => {})
const database = await startDatabase()
console.log(database.url)
setInterval(() => {}, 60_000)

import Fastify from 'fastify'
import { zakopsTenancy } from '../../lib/faces/plugin/index.ts'
import { TEST_SECRET } from './tokens.ts'

// A whole service in a process of its own, which believes the registry for a minute: says where it listens.

const [, , database = ''] = process.argv
const app = Fastify({ forceCloseConnections: true })
await app.register(zakopsTenancy, { mode: 'multi', database, jwt: { secret: TEST_SECRET }, registryCacheMs: 60_000 })
app.get('/docs', async () => await app.sql`select body from docs order by id`)
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
process.stdin.on('end', () => process.exit()).resume()

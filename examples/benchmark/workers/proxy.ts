// A proxy in front of PostgreSQL that holds everything back for a while, in both directions: a network.
import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import { Value } from '@sinclair/typebox/value'
import { answer } from './answer.ts'
import { proxyQuestionSchema } from './messages.ts'

answer(async (given) => {
  const { host, port, delay } = Value.Parse(proxyQuestionSchema, given)
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true })
    pass(client, upstream, delay)
    pass(upstream, client, delay)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
  return { port: address.port }
})

/** Timers of one length run in the order in which they were set, so the bytes stay in order. */
function pass (from: Socket, to: Socket, delay: number): void {
  from.on('data', (chunk) => { setTimeout(() => to.write(chunk), delay) })
  from.on('close', () => { setTimeout(() => to.destroy(), delay) })
  from.on('error', () => {})
}

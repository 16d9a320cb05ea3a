// A process with a Fastify application: GET /deals/:id, one statement.
import { Value } from '@sinclair/typebox/value'
import { openApp } from '../clients/apps.ts'
import { answer } from './answer.ts'
import { appQuestionSchema } from './messages.ts'

answer(async (given) => {
  const question = Value.Parse(appQuestionSchema, given)
  if (question.ask === 'cpu') {
    const { user, system } = process.cpuUsage()
    return { cpu: user + system }
  }
  const app = await openApp(question)
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: Number(new URL(address).port) }
})

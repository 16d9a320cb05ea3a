// A process with one client of the database, or with several where the figures of one process are asked for.
import { Value } from '@sinclair/typebox/value'
import { openClient } from '../clients/index.ts'
import { type Client, asVisitor } from '../clients/client.ts'
import { answer } from './answer.ts'
import { runCallers, visitOnce } from './callers.ts'
import { clientQuestionSchema } from './messages.ts'

const clients: Client[] = []

answer(async (given) => {
  const question = Value.Parse(clientQuestionSchema, given)
  if (question.ask === 'open') {
    for (const plan of question.clients) clients.push(await openClient(plan))
    return { ready: true }
  }
  const client = clients[question.client]
  if (client === undefined) throw new Error('There is no such client.')
  if (question.ask === 'run') return await runCallers(client, question)
  return await visitOnce(asVisitor(client), question)
})

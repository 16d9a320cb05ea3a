// A process that sends requests over keep-alive connections, and looks whose rows come back.
import { Value } from '@sinclair/typebox/value'
import { signToken } from 'zakops-tenancy/testing'
import { PLAIN, PLAIN_COLUMN, pick, randomDeal, tenantsOf } from '../database/names.ts'
import { measureOf } from '../measuring/percentiles.ts'
import { answer } from './answer.ts'
import { HttpConnection } from './http-connection.ts'
import { type Measure, USERS, loadQuestionSchema } from './messages.ts'

interface User {
  readonly token: string
  /** How the answer has to begin. */
  readonly answer: string
}

let port = 0
let users: readonly User[] = []

answer(async (given) => {
  const question = Value.Parse(loadQuestionSchema, given)
  if (question.ask === 'run') return await send(question.connections, question.milliseconds)
  port = question.port
  users = tenantsOf(question.isolation, question.tenants).flatMap((tenant) => Array.from({ length: USERS }, (_, number) => ({
    token: signToken({ tenant_id: tenant, sub: `user-${number}` }, { secret: question.secret }),
    answer: question.isTenancy ? `{"tenant_id":"${tenant}","id":` : `{"${PLAIN_COLUMN}":"${PLAIN}","id":`
  })))
  return { ready: true }
})

async function send (connections: number, milliseconds: number): Promise<Measure> {
  const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(port)))
  const latencies: number[] = []
  const start = performance.now()
  const end = start + milliseconds
  await Promise.all(open.map(async (connection) => {
    for (let since = performance.now(); since < end;) {
      const id = randomDeal()
      const user = pick(users)
      await connection.get(`/deals/${id}`, user.token, `${user.answer}${id},`)
      const now = performance.now()
      latencies.push(now - since)
      since = now
    }
  }))
  const elapsed = performance.now() - start
  for (const connection of open) connection.close()
  // The CPU that counts is the application's; whoever asked for this run reads it there.
  return measureOf({ count: latencies.length, milliseconds: elapsed, cpu: 0, latencies })
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { testServer } from '../support/database.ts'

t.test('the leak suite works under node:test', async (t) => {
  const file = fileURLToPath(new URL('../support/leak-apps/node-test.ts', import.meta.url))
  // Without the variables that tell node:test that it is inside of another runner.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, [...process.execArgv, '--test-reporter=tap', file], { env: { ...env, TEST_DATABASE_URL: await testServer() } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const [code] = await once(child, 'close')
  t.equal(code, 0, output)
  t.match(output, /# pass 2/)
})

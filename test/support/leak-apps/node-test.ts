// What a service's own test looks like with node:test; leak-suite-runners.test.ts runs it.
import assert from 'node:assert'
import { test } from 'node:test'
import { leakSuite } from '../../../lib/faces/testing/index.ts'
import { cleanRich } from './clean.ts'
import { leaky } from './leaky.ts'
import { MIGRATIONS } from './resources.ts'

const options = { migrations: MIGRATIONS, settle: 100, ...(process.env['TEST_DATABASE_URL'] ? { server: process.env['TEST_DATABASE_URL'] } : {}) }

test('tenants are isolated', async () => {
  const report = await leakSuite(cleanRich, options)
  report.assertIsolated()
})

test('a job without a tenant is found, and does not end the run', async () => {
  const report = await leakSuite(leaky('POST /deals/:id/screenings'), options)
  assert.throws(() => report.assertIsolated(), /POST \/deals\/:id\/screenings +leaking/)
})

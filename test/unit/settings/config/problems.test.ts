import t from 'tap'
import { resolveConfig } from '../../../../lib/settings/config/index.ts'

const problemsOf = (options: object): string => {
  try {
    resolveConfig({ database: 'postgres://app@db/app', ...options }, {})
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

t.test('what is wrong with an option is said in words that tell what to write', async (t) => {
  const wrong: ReadonlyArray<readonly [options: object, problem: RegExp]> = [
    [{ mode: 'many' }, /mode \(TENANT_MODE\) must be "single" or "multi"\./],
    [{ enforce: 'yes' }, /enforce \(ENFORCE_TENANT_ISOLATION\) must be true or false, not a text\./],
    [{ registryCacheMs: 0 }, /registryCacheMs must be a whole number from 1 to 86400000\./],
    [{ weight: -1 }, /weight must be a number from 0 to 1000000\./],
    [{ claim: '' }, /claim \(TENANT_CLAIM\) must be a text that is not empty\./],
    [{ channelKey: 'short' }, /channelKey \(TENANT_CHANNEL_KEY\) must be a text of at least 16 characters\./],
    [{ minMigration: 'latest' }, /minMigration \(TENANT_MIN_MIGRATION\) must be the name or number of a migration\./],
    [{ databasePrefix: 'Much_too_long' }, /databasePrefix must be 1 to 7 lower-case letters, digits or "_", the first a letter\./],
    [{ agree: { host: 'example.com' } }, /agree\.host must be a pattern such as "\{tenant\}\.example\.com"\./],
    [{ servers: { second: { database: 'postgres://app@db2/app', tags: 'eu' } } }, /servers\.second\.tags must be a list of texts\./],
    [{ servers: { second: {} } }, /servers\.second\.database is required: a text that is not empty or an object\./],
    [{ lanes: { maximum: 3 } }, /lanes\.maximum is not an option\./],
    [{ timeouts: [] }, /timeouts must be an object\./],
    [{ colour: 'red' }, /colour is not an option\. The options are: mode, /]
  ]
  for (const [options, problem] of wrong) t.match(problemsOf(options), problem, JSON.stringify(options))
})

t.test('all that is wrong is said at once, each once', async (t) => {
  const message = problemsOf({ mode: 'many', weight: 'heavy', colour: 'red' })
  for (const option of ['mode', 'weight', 'colour']) t.equal(message.split('\n').filter((line) => line.startsWith(`- ${option}`)).length, 1, option)
})

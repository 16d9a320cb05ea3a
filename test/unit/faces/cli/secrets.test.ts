import t from 'tap'
import { Secrets } from '../../../../lib/faces/cli/secrets.ts'
import { resolveConfig } from '../../../../lib/settings/config/index.ts'

t.test('Secrets', async (t) => {
  t.test('hides URLs and passwords of the environment, as they are written and as they are meant', async (t) => {
    const secrets = new Secrets({ DATABASE_URL: 'postgres://app:p%40ss-word@host/db', API_PASSWORD: 'of the api', HOME: '/home/somebody', NO_URL: undefined })
    t.equal(secrets.hide('p@ss-word and p%40ss-word of the api at postgres://app:p%40ss-word@host/db in /home/somebody'),
      '[hidden] and [hidden] [hidden] at [hidden] in /home/somebody')
  })

  t.test('hides those of the options, of every server', async (t) => {
    const secrets = new Secrets({})
    secrets.learn(resolveConfig({
      database: { host: 'x', username: 'app', database: 'd', password: 'of the options' },
      ownerDatabase: 'postgres://owner:of-the-owner@x/d',
      channelKey: 'a key of sixteen letters',
      jwt: { secret: 'of the tokens' },
      servers: { second: { database: { host: 'y', username: 'app', database: 'd', pass: 'of the second' } } }
    }, {}))
    for (const secret of ['of the options', 'of-the-owner', 'a key of sixteen letters', 'of the tokens', 'of the second']) t.equal(secrets.hide(`<${secret}>`), '<[hidden]>', secret)
    t.equal(secrets.hide('app at x'), 'app at x', 'and nothing else')
  })

  t.test('hides URLs of databases that nobody told of, and a password with a stray sign', async (t) => {
    t.equal(new Secrets({}).hide('cannot connect to postgresql://a:b@c/d, really'), 'cannot connect to [hidden] really')
    t.equal(new Secrets({ DATABASE_URL: 'postgres://app:100%25-%zz@h/d' }).hide('100%25-%zz'), '[hidden]')
  })

  t.test('leaves short words alone', async (t) => {
    t.equal(new Secrets({ PASSWORD: 'a' }).hide('acme'), 'acme')
  })
})

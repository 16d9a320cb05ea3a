import t from 'tap'
import { channelName } from '../../../../lib/data/channels/index.ts'

const KEY = 'a key of sixteen letters or more'

/** Short texts of few characters, so that pairs that differ only in where one part ends are common. */
function textOf (number: number): string {
  let text = ''
  for (let rest = number; rest > 0; rest = Math.floor(rest / 5)) text += 'a1:\u00f8\u{1f600}'.match(/./gu)?.[rest % 5] ?? ''
  return text
}

t.test('channelName()', async (t) => {
  for (const key of [undefined, KEY]) {
    t.test(`gives every pair of tenant and channel a name of its own, ${key === undefined ? 'without' : 'with'} a key`, async (t) => {
      const names = new Map<string, string>()
      const tenants = [...Array(60).keys()].map((number) => number.toString(2)).concat('a', 'A', 'a1', 'a1-', '')
      const channels = new Set([...Array(400).keys()].map((number) => textOf(number + 1)).filter((text) => text !== ''))
      for (const tenant of tenants) {
        for (const channel of channels) names.set(channelName(key, tenant, channel), `${tenant} ${channel}`)
      }
      t.equal(names.size, new Set(tenants).size * channels.size)
      t.equal(names.get(channelName(key, 'a1', '1')), 'a1 1', 'and it is the same every time')
    })
  }

  t.test('is short enough for PostgreSQL, however long the channel is', async (t) => {
    for (const channel of ['x', 'x'.repeat(10_000), 'wat-;."\u00f8.§\0']) t.match(channelName(undefined, 'acme', channel), /^zakops_[0-9a-f]{56}$/)
  })

  t.test('cannot be worked out without the key', async (t) => {
    t.not(channelName(KEY, 'acme', 'deals'), channelName(undefined, 'acme', 'deals'))
    t.not(channelName(KEY, 'acme', 'deals'), channelName(`${KEY}!`, 'acme', 'deals'))
  })

  t.test('refuses what is no channel, and two halves of a character that would be one', async (t) => {
    for (const channel of ['', 7, undefined, null, ['x'], '\ud800', '\udfff']) {
      t.throws(() => channelName(undefined, 'acme', channel), { code: 'FST_TENANCY_SQL_REFUSED', message: /sql\.listen\(channel, fn\)/ })
    }
  })
})

import t from 'tap'
import { type TenancyConfig, resolveConfig } from '../../../../lib/settings/config/index.ts'
import { SECRET } from '../../../support/signing.ts'

const database = 'postgres://app@127.0.0.1/zakops'

const signing = (option: unknown, environment: Readonly<Record<string, string>> = {}): TenancyConfig['signing'] => {
  const config: TenancyConfig = Reflect.apply(resolveConfig, undefined, [{ database, ...(option === undefined ? {} : { signing: option }) }, environment])
  return config.signing
}

t.test('the option signing', async (t) => {
  t.test('is nothing if nobody asks for it', async (t) => t.equal(signing(undefined), undefined))

  t.test('takes keys, the one that signs, and a lifetime', async (t) => {
    const config = signing({ keys: { old: SECRET, new: `${SECRET}2` }, current: 'new', lifetime: 30_000 })
    t.same([[...config?.keys ?? []], config?.current, config?.lifetime], [[['old', SECRET], ['new', `${SECRET}2`]], 'new', 30_000])
  })

  t.test('is read from the environment, where the first key signs', async (t) => {
    const config = signing(undefined, { TENANT_SIGNING: `new:${SECRET}:x, old:${SECRET}` })
    t.same([[...config?.keys ?? []], config?.current, config?.lifetime], [[['new', `${SECRET}:x`], ['old', SECRET]], 'new', 60_000])
  })

  t.test('is refused when it cannot be used, without a word of the secret', async (t) => {
    const secret = 'too short to be one'
    const wrong: readonly unknown[] = [
      { keys: {}, current: 'k1' }, { keys: { k1: secret }, current: 'k1' }, { keys: { k1: SECRET }, current: 'k2' }, { keys: { 'a.b': SECRET }, current: 'a.b' },
      { keys: { k1: SECRET }, current: 'k1', lifetime: 9 }, { keys: { k1: SECRET } }, { keys: [SECRET], current: '0' }, 5, secret, `k1:${secret}`, `k1:${SECRET},k1:${SECRET}2`, `${SECRET}`
    ]
    for (const option of wrong) {
      t.throws(() => signing(option), { code: 'FST_TENANCY_OPTIONS_INVALID', message: /signing/ }, JSON.stringify(option))
      try {
        signing(option)
      } catch (error) {
        t.notOk(String(error).includes(secret) || String(error).includes(SECRET))
      }
    }
  })
})

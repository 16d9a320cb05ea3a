import t from 'tap'
import { Signer } from '../../../../lib/data/signing/index.ts'
import { postgresDialect } from '../../../../lib/data/wire/index.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'
import { SECRET } from '../../../support/signing.ts'

const START = 1_800_000_000_000
const LIFETIME = 60_000

t.test('settings that are signed', async (t) => {
  const clock = { now: START }
  t.intercept(Date, 'now', { value: () => clock.now })
  const signer = new Signer({ keys: new Map([['k1', SECRET]]), current: 'k1', lifetime: LIFETIME })
  signer.bind('here')
  const frame = postgresDialect({ isNamed: true, sign: signer.sign }).frameOf({ tenantId: parseTenantId('acme'), searchPath: '"tenant_acme"', schema: 'tenant_acme' })
  /** Until when what is sent is valid, in seconds after the start. */
  const validAt = (now: number): number => {
    clock.now = now
    const expiry = /v1\.k1\.(\d+)\.acme\./.exec(frame.current().request.toString('latin1'))?.[1]
    return Number(expiry) - START / 1_000
  }

  t.test('are sent again for a quarter of their life, and then signed anew', async (t) => {
    t.same([START, START + 1, START + LIFETIME / 4 - 1].map(validAt), [60, 60, 60])
    t.equal(validAt(START + LIFETIME / 4), 75)
  })

  t.test('are signed anew when the clock was set back, by which they would be valid for too long', async (t) => {
    const ahead = START + 3_600_000
    t.equal(validAt(ahead), 3_660, 'while the clock was an hour ahead')
    t.equal(validAt(START), 60)
    t.equal(validAt(START + 1), 60, 'and those are sent again')
  })
})

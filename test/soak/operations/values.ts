import type { Operation, Stage } from './stage.ts'

/** What no driver can write into a message, and what it says then. */
const UNSENDABLE: readonly (readonly [name: string, value: () => unknown, error: RegExp])[] = [
  ['undefined', () => undefined, /^UNDEFINED_VALUE$/],
  ['an invalid date', () => new Date(NaN), /Invalid time value/],
  ['a bigint in JSON', () => ({ n: 1n }), /BigInt/],
  ['a text that throws', () => ({ toString () { throw new Error('no text') }, toJSON () { throw new Error('no text') } }), /no text/]
]

export const VALUES: readonly Operation[] = UNSENDABLE.map(([name, value, error]) => ({
  kind: `send ${name}`,
  run: async (stage) => {
    // Its neighbours must get their own answers.
    const others = [readNumber(stage), readNumber(stage)]
    const failing = stage.refused(() => sendValue(stage, value()), error)
    const settled = await Promise.allSettled([...others, failing, readNumber(stage)])
    for (const result of settled) if (result.status === 'rejected') throw result.reason
  }
}))

async function readNumber (stage: Stage): Promise<void> {
  const number = stage.random.below(1_000_000)
  const [row] = await stage.sql`select ${number}::int as number, current_setting('app.tenant_id') as setting`
  stage.own([{ setting: row?.['setting'] }])
  if (row?.['number'] !== number) stage.broken('an answer is the caller\'s own', `${String(row?.['number'])} instead of ${number}`)
}

/** As JavaScript does it, where no compiler stands in the way. */
async function sendValue ({ sql }: Stage, value: unknown): Promise<unknown> {
  const strings = value instanceof Date ? ['select ', '::timestamptz as value'] : ['select ', '::json as value']
  return await Reflect.apply(sql, undefined, [Object.assign(strings, { raw: strings }), value])
}

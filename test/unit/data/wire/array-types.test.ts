import postgres from 'postgres'
import t from 'tap'
import { ArrayTypes } from '../../../../lib/data/wire/array-types.ts'
import { Description } from '../../../../lib/data/wire/description.ts'
import { message } from '../../../../lib/data/wire/messages.ts'

const TEXT_ARRAY = 1009
const MOOD = 20_001
const MOODS = 20_000

/** The options of a driver, which knows arrays of texts as it does behind its first log-in. */
function optionsOf (isReading = true): postgres.Sql['options'] {
  const { options } = postgres('postgres://nobody@127.0.0.1:1/none')
  if (!isReading) return options
  options.parsers[TEXT_ARRAY] = (text: string) => text.slice(1, -1).split(',')
  options.serializers[TEXT_ARRAY] = (value: unknown) => `{${String(value)}}`
  return options
}

/** A statement with one parameter of a type, and no columns. */
function takes (type: number): Description {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt16BE(1)
  bytes.writeUInt32BE(type, 2)
  return new Description(message('t'.charCodeAt(0), bytes), message('n'.charCodeAt(0)))
}

t.test('ArrayTypes', async (t) => {
  t.test('asks once about a type that nobody knows, and never about PostgreSQL\'s own', async (t) => {
    const types = new ArrayTypes(optionsOf())
    t.same(types.unknownIn(takes(25)), [])
    t.same(types.unknownIn(takes(MOODS)), [MOODS])
    types.learn([MOODS], [])
    t.same(types.unknownIn(takes(MOODS)), [], 'it is no array')
  })

  t.test('reads and writes what is found as arrays of texts', async (t) => {
    const options = optionsOf()
    t.ok(new ArrayTypes(options).learn([MOODS], [{ array: MOODS, element: MOOD }]))
    t.same(options.parsers[MOODS]?.('{good,bad}'), ['good', 'bad'])
    t.equal(options.serializers[MOODS]?.(['good', 'bad']), '{good,bad}')
    t.equal(Reflect.get(Reflect.get(options, 'shared'), 'typeArrayMap')[MOOD], MOODS)
  })

  t.test('leaves a type that the application reads by itself', async (t) => {
    const options = optionsOf()
    const own = (): string => 'own'
    options.parsers[MOODS] = own
    new ArrayTypes(options).learn([MOODS], [{ array: MOODS, element: MOOD }])
    t.equal(options.parsers[MOODS], own)
  })

  t.test('leaves texts as they are where the driver reads no arrays', async (t) => {
    const options = optionsOf(false)
    const types = new ArrayTypes(options)
    t.notOk(types.isOn)
    t.same(types.unknownIn(takes(MOODS)), [])
    types.learn([MOODS], [{ array: MOODS, element: MOOD }])
    t.equal(options.parsers[MOODS], undefined)
  })

  t.test('forgets what it has learned where it would become too much (D-22)', async (t) => {
    const options = optionsOf()
    const types = new ArrayTypes(options)
    t.ok(types.learn([MOODS], [{ array: MOODS, element: MOOD }]))
    t.notOk(types.learn(Array.from({ length: 50_000 }, (_, index) => 30_000 + index), []))
    t.equal(options.parsers[MOODS], undefined)
    t.equal(options.serializers[MOODS], undefined)
    t.same(types.unknownIn(takes(MOODS)), [MOODS], 'whoever needs it asks again')
  })

  t.test('refuses a driver whose memory of arrays is not where it is known to be', async (t) => {
    const { shared: _, ...options } = { shared: undefined, ...optionsOf() }
    t.throws(() => new ArrayTypes(options), { code: 'FST_TENANCY_DRIVER_UNSUPPORTED' })
  })
})

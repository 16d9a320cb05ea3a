import t from 'tap'
import { readOptions } from '../../soak/options.ts'
import { randomOf } from '../../soak/random.ts'

t.test('the options of the soak', async (t) => {
  t.test('have defaults, and a seed of their own for each run', async (t) => {
    t.equal(readOptions([]).seconds, 60)
    t.not(readOptions([]).seed, readOptions([]).seed)
    t.same(readOptions(['--seconds', '8', '--seed', '7']), { seconds: 8, seed: 7 })
  })

  t.test('are refused where they mean nothing', async (t) => {
    for (const args of [['--seconds', '0'], ['--seconds', '-1'], ['--seed', 'x'], ['--second', '8'], ['8'], ['--seconds', '1e3']]) t.throws(() => readOptions(args), args.join(' '))
  })

  t.test('repeat the choices of a seed', async (t) => {
    const choices = (seed: number): readonly number[] => Array.from({ length: 5 }, () => 0).map(((random) => () => random.below(1000))(randomOf(seed).fork('caller')))
    t.same(choices(7), choices(7))
    t.notSame(choices(7), choices(8))
  })
})

import t from 'tap'
import { readFileSync } from 'node:fs'
import { MUTATIONS } from '../../soak/mutations/list.ts'

t.test('every mutation of the soak', async (t) => {
  for (const { name, changes } of MUTATIONS) {
    t.test(`still fits its source: ${name}`, async (t) => {
      for (const { file, from, to } of changes) {
        const text = readFileSync(new URL(`../../../lib/${file}`, import.meta.url), 'utf8')
        t.equal(text.split(from).length, 2, file)
        t.not(from, to)
      }
    })
  }
})

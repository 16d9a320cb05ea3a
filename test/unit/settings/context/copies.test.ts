import { cpSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import { assertSingleCopy } from '../../../../lib/settings/context/index.ts'

const LIB = fileURLToPath(new URL('../../../../lib', import.meta.url))

t.test('assertSingleCopy()', async (t) => {
  t.test('notices a second copy, from both sides (A-09)', async (t) => {
    const folder = t.testdir()
    cpSync(`${LIB}/words`, `${folder}/words`, { recursive: true })
    cpSync(`${LIB}/settings`, `${folder}/settings`, { recursive: true })
    t.doesNotThrow(assertSingleCopy, 'one copy is fine')
    const copy: unknown = await import(pathToFileURL(`${folder}/settings/context/copies.ts`).href)
    const asTheCopySeesIt: unknown = typeof copy === 'object' && copy !== null ? Reflect.get(copy, 'assertSingleCopy') : undefined
    t.throws(assertSingleCopy, { code: 'FST_TENANCY_CONTEXT_TWO_COPIES', cause: { message: /copies\.ts\n.*copies\.ts/ } })
    if (typeof asTheCopySeesIt !== 'function') throw new Error('the copy was not loaded')
    t.throws(() => asTheCopySeesIt(), { code: 'FST_TENANCY_CONTEXT_TWO_COPIES' })
  })
})

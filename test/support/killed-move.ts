import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { confirmTenantMove, moveTenant, undoMove } from '../../lib/operations/moves/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { type MovingScene, checkBooks, keepWriting, movingScene, remains } from './moving.ts'

/** Moves in a process of its own, which is killed when the move tells of this step for the n-th time. */
async function moveAndDie ({ config }: MovingScene, id: string, request: object, step: string, occurrence: number): Promise<unknown> {
  const { log: _, ...options } = config
  const file = fileURLToPath(new URL('mover.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, file, JSON.stringify(options), id, JSON.stringify(request), step, String(occurrence)], { stdio: 'inherit' })
  const [, signal] = await once(child, 'exit')
  return signal
}

/** Kills a move at a step, under a load of writes, and has it go on, and be undone. */
export function testKilledAt (t: Test, step: 'copying' | 'catching-up' | 'switching' | 'switched', occurrence: number): void {
  for (const [way, from, to] of [['goes on', 'rls', 'schema+rls'], ['is undone', 'schema+rls', 'rls']] as const) {
    t.test(`a move that is killed at "${step}" (${occurrence}) ${way}, and every write is there once`, async (t) => {
      const scene = await movingScene(t)
      const acme = parseTenantId('acme')
      await scene.seed('globex', { isolation: 'rls' })
      await scene.seed('acme', { isolation: from }, 300)
      const globex = await scene.books('globex')
      const writers = keepWriting(scene, 'acme', { writers: 2, pauseMs: 10 })
      t.equal(await moveAndDie(scene, 'acme', { to: { isolation: to, server: 'other' } }, step, occurrence), 'SIGKILL')
      t.match(await scene.tenant('acme'), step === 'switched' ? { isolation: to, server: 'other' } : { isolation: from, server: 'default' })
      if (way === 'goes on') {
        t.match(await moveTenant(scene.config, acme, {}), { outcome: 'switched' })
        await confirmTenantMove(scene.config, acme)
      } else {
        t.match(await undoMove(scene.config, acme), { outcome: 'undone' })
      }
      const { acknowledged } = await writers.stop()
      t.match(await scene.tenant('acme'), way === 'goes on' ? { isolation: to, server: 'other' } : { isolation: from, server: 'default' })
      t.ok(acknowledged.length > 20, 'there was a load')
      await checkBooks(t, scene, 'acme', acknowledged)
      t.same(await scene.books('globex'), globex)
      t.same(await remains(scene), [])
    })
  }
}

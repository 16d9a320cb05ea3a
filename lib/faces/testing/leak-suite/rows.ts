import { quoteLiteral } from '../../../words/names.ts'
import { quotedTable } from './catalog.ts'
import { type Party, asTenant, restoreRows } from './seed.ts'
import { type Snapshot, changeOf, takeSnapshot } from './snapshot.ts'
import type { Stage } from './stage.ts'

/** Puts back what was deleted, so that the next call finds it. */
export async function restore (stage: Stage, before: Snapshot, after: Snapshot): Promise<void> {
  stage.memory.rows = after
  for (const party of stage.parties) {
    const { came, went } = changeOf(before, after, party)
    if (went.length <= came.length) continue
    await restoreRows(stage.admin, stage.tables, party)
    stage.memory.rows = undefined
  }
}

/**
 * Sends a call that names what only the other tenant has, and takes away again what came to the caller by it: a key that was
 * free for the caller the first time would be its own the second time.
 */
export async function asStranger<T> (stage: Stage, caller: Party, send: () => Promise<T>): Promise<T> {
  const before = await snapshot(stage)
  const answer = await send()
  const { came } = changeOf(before, await snapshot(stage), caller)
  stage.memory.rows = undefined
  await asTenant(stage.admin, caller, async (tx) => {
    for (const row of came) {
      const table = stage.tables.find(({ name }) => row.startsWith(`${name} {`))
      if (table === undefined) continue
      const sql = `delete from ${quotedTable(caller.schema, table.name)} t where to_jsonb(t) = ${quoteLiteral(row.slice(table.name.length + 1))}::jsonb`
      // What another row refers to by now stays.
      await tx.savepoint((point) => point.unsafe(sql)).catch(() => {})
    }
  })
  return answer
}

/** The rows of both tenants, as the superuser sees them now. */
export async function snapshot (stage: Stage): Promise<Snapshot> {
  return await takeSnapshot(stage.admin, stage.tables, stage.parties)
}

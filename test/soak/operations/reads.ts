import { setTimeout as sleep } from 'node:timers/promises'
import type { ISql } from 'postgres'
import type { Operation, Stage } from './stage.ts'

type Tag = Pick<ISql, never> & ((strings: TemplateStringsArray, ...values: readonly (string | number)[]) => PromiseLike<readonly Readonly<Record<string, unknown>>[]>)

/** The same text for everybody, so that one's answer would fit another's statement. */
export async function readMark (stage: Stage, sql: Tag = stage.sql): Promise<void> {
  stage.own(await sql`
    select tenant_id, mark, ${stage.id}::text as nonce, current_setting('app.tenant_id') as setting, current_setting('soak.left_alone', true) as left_alone
    from marks where id = ${stage.random.below(20) + 1}`)
}

export const READS: readonly Operation[] = [
  { kind: 'read', run: async (stage) => await readMark(stage) },
  { kind: 'reads side by side', run: async (stage) => { await Promise.all(Array.from({ length: 6 }, () => readMark(stage))) } },
  { kind: 'read alone', run: async (stage) => await readMark(stage, stage.sql.alone) },
  {
    kind: 'read by unsafe',
    run: async (stage) => stage.own(await stage.sql.unsafe('select tenant_id, mark, $1::text as nonce from marks where id < 4', [stage.id]), 3)
  },
  {
    // The same text means tables that look different, and that change.
    kind: 'read a table that changes',
    run: async (stage) => stage.own((await stage.sql`select *, ${stage.id}::text as nonce from shapes where id = ${1}`).map((row) => ({ ...row })))
  },
  {
    kind: 'forEach',
    run: async (stage) => {
      const rows: Record<string, unknown>[] = []
      await stage.sql`select tenant_id, mark, ${stage.id}::text as nonce from marks where id <= ${5}`.forEach((row) => { rows.push({ ...row }) })
      stage.own(rows, 5)
    }
  },
  {
    kind: 'cursor',
    run: async (stage) => {
      const rows: Record<string, unknown>[] = []
      for await (const batch of stage.sql`select tenant_id, mark, ${stage.id}::text as nonce from marks where id <= ${7}`.cursor(3)) {
        rows.push(...batch.map((row) => ({ ...row })))
        // Its connection may be lost while nobody waits for it.
        await sleep(stage.random.below(100))
      }
      stage.own(rows, 7)
    }
  },
  {
    kind: 'describe',
    run: async (stage) => {
      const { columns } = await stage.sql`select tenant_id, mark from marks where id = ${1}`.describe()
      if (columns.map(({ name }) => name).join() !== 'tenant_id,mark') stage.broken('a description is that of the statement', columns.length.toString())
    }
  },
  {
    kind: 'simple read',
    run: async (stage) => {
      const results: unknown = await stage.sql.unsafe('select tenant_id, mark from marks where id = 1; select tenant_id, mark from marks where id = 2').simple()
      stage.own(Array.isArray(results) ? results.flat() : [], 2)
    }
  },
  {
    kind: 'copy out',
    run: async (stage) => {
      let text = ''
      for await (const chunk of await stage.sql`copy (select tenant_id, mark from marks order by id) to stdout`.readable()) text += String(chunk)
      stage.own(text.trimEnd().split('\n').map((line) => ({ tenant_id: line.split('\t')[0], mark: line.split('\t')[1] })), 20)
    }
  }
]

import { finished } from 'node:stream/promises'
import { codeOf } from './errors.ts'
import type { Operation, Stage } from './stage.ts'

/** Inserts part of a write; `sql` is the tenant client, or a transaction. */
export function insert (sql: Pick<Stage['sql'], 'unsafe'>, row: ReturnType<Stage['rows']>[number] | undefined): PromiseLike<unknown> {
  if (row === undefined) throw new Error('there is no such part')
  return sql.unsafe('insert into writes (tenant_id, id, part, body) values ($1, $2, $3, $4)', [row.tenant_id, row.id, row.part, row.body], { prepare: true })
}

export const WRITES: readonly Operation[] = [
  {
    // Refused where the column has another type: with the name of a routine that makes the driver send it once more, when its lane
    // may be another tenant's already (D-08). Whoever runs it would own the row.
    kind: 'insert what may not fit',
    run: async (stage) => await stage.write(1, () => stage.sql`
      insert into writes (tenant_id, id, part, body) select current_setting('app.tenant_id'), ${stage.id}::text, part, ${stage.tenant.id}::text from kinds where id = ${1}`
    ).catch((error: unknown) => {
      if (codeOf(error) !== '42804') throw error
      stage.saw('a type that does not fit')
    })
  },
  {
    kind: 'insert',
    run: async (stage) => await stage.write(1, () => stage.sql`insert into writes (tenant_id, id, part, body) values (${stage.tenant.id}, ${stage.id}, 0, ${stage.tenant.id})`)
  },
  {
    kind: 'insert several by helper',
    run: async (stage) => await stage.write(5, async () => stage.own(await stage.sql`insert into writes ${stage.sql(stage.rows(5))} returning tenant_id, id as nonce`, 5))
  },
  { kind: 'insert by unsafe', run: async (stage) => await stage.write(1, () => insert(stage.sql, stage.rows(1)[0])) },
  {
    kind: 'insert without its tenant',
    run: async (stage) => await stage.write(1, () => stage.tenant.strategy === 'schema'
      ? stage.sql`insert into writes (tenant_id, id, part, body) values (current_setting('app.tenant_id'), ${stage.id}, 0, ${stage.tenant.id})`
      : stage.sql`insert into writes (id, part, body) values (${stage.id}, 0, ${stage.tenant.id})`)
  },
  { kind: 'insert alone', run: async (stage) => await stage.write(2, () => stage.sql.alone`insert into writes ${stage.sql.alone(stage.rows(2))}`) },
  {
    // A text of several statements is one transaction.
    kind: 'insert in a simple text',
    run: async (stage) => await stage.write(3, () => stage.sql.unsafe(stage.rows(3).map(({ tenant_id: tenant, id, part, body }) => `insert into writes (tenant_id, id, part, body) values ('${tenant}', '${id}', ${part}, '${body}')`).join(';')).simple())
  },
  {
    kind: 'insert what is somebody else\'s',
    run: async (stage) => {
      stage.void()
      if (stage.tenant.strategy === 'schema') return
      await stage.refused(() => stage.sql`insert into writes (tenant_id, id, part, body) values (${stage.other.id}, ${stage.id}, 0, 'stolen')`, /^(42501|23514)$/)
    }
  },
  { kind: 'copy in', run: async (stage) => stage.tenant.strategy === 'schema' ? await copyIn(stage) : await copyRefused(stage) }
]

async function copyIn (stage: Stage): Promise<void> {
  await stage.write(4, async () => {
    const rows = await stage.sql`copy writes (tenant_id, id, part, body) from stdin`.writable()
    for (const { tenant_id: tenant, id, part, body } of stage.rows(4)) rows.write(`${tenant}\t${id}\t${part}\t${body}\n`)
    rows.end()
    await finished(rows, { readable: false })
  })
  stage.saw('copy in')
}

/** PostgreSQL has no COPY FROM where row security is. */
async function copyRefused (stage: Stage): Promise<void> {
  stage.void()
  await stage.refused(async () => {
    const rows = await stage.sql`copy writes (tenant_id, id, part, body) from stdin`.writable()
    rows.end()
    await finished(rows, { readable: false })
  }, '0A000')
}

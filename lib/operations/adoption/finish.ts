import { AdoptionRefusedError } from '../../words/errors/index.ts'
import { TENANT_COLUMN, quoteIdentifier } from '../../words/names.ts'
import { noteAction } from '../../data/owner/index.ts'
import { readTenantSql } from '../policies/index.ts'
import { dropBridge } from './bridge.ts'
import { assertUnread, dropAside } from './carry-views.ts'
import { serviceRoles } from './grants.ts'
import { type AdoptedTable, type AdoptionJob, quietly } from './job.ts'
import { probe } from './probe.ts'
import { sequenceName } from './shadow.ts'
import { withShortLock } from './short-locks.ts'
import { noteStage } from './state.ts'

/**
 * Takes away what the service as it was still used: the views in the old places, its rights on sequences and the role behind the
 * views. From then on every statement comes through the plugin, and nothing can be undone.
 *
 * @throws {AdoptionRefusedError} FST_TENANCY_ADOPTION_REFUSED — it is not enforced; or views of the service are there still, whose texts nobody else may have.
 */
export async function finishAdoption (job: AdoptionJob): Promise<void> {
  const { stage, source } = job.state
  if (stage === 'finished') return
  if (stage !== 'enforced' && stage !== 'finishing') throw new AdoptionRefusedError('it is not enforced yet: run "adopt enforce" first.')
  await assertUnread(job, true)
  await quietly(job, async (tx) => {
    await dropAside(tx, job)
    await noteStage(tx, source, 'finishing')
    await noteAction(tx, { action: 'adopt.finish', tenantId: job.tenant, actor: job.options.actor })
  })
  for (const table of job.tables) await finishTable(job, table)
  await quietly(job, async (tx) => {
    await dropBridge(tx, job)
    await noteStage(tx, source, 'finished')
  })
}

async function finishTable (job: AdoptionJob, table: AdoptedTable): Promise<void> {
  const { hasView, hasColumn } = await probe(job.sql, table)
  if (hasView) {
    await withShortLock(job, { name: table.original.name, relations: [table.from] }, async (tx) => {
      await tx.unsafe(`drop view ${table.from}`)
      if (hasColumn && table.isTenants) await tx.unsafe(`alter table ${table.to} alter column ${quoteIdentifier(TENANT_COLUMN)} set default ${await readTenantSql(tx)}`)
      for (const sequence of table.original.sequences) await tx.unsafe(closeSequence(job, sequenceName(job, table, sequence, true)))
    })
  }
  job.tell('finish', table.original.name)
}

function closeSequence ({ state, ownerRole }: AdoptionJob, name: string): string {
  const roles = serviceRoles(state.original).filter((role) => role !== ownerRole)
  return roles.map((role) => `revoke all on sequence ${name} from ${quoteIdentifier(role)}`).join(';\n')
}

import type { TransactionSql } from 'postgres'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { settingsOf, strategyOf } from '../../data/isolation/index.ts'
import { type SigningState, hasCitus, inTransaction, withOwner, writeSigning } from '../../data/owner/index.ts'
import { type Migrations, announcedIfUsed, lockFor, updateSchema } from '../migrations/index.ts'
import { roleAt } from '../roles/index.ts'
import { claimDatabase } from './deployment.ts'
import { ensureDatabase } from './own-database.ts'
import { ensureSchema } from './schema.ts'

/** A tenant whose place is to be made. */
export interface PlaceRequest {
  readonly tenant: Tenant
  /** Whether the place was the tenant's before: one that is not may hold nothing. */
  readonly isKnown: boolean
  /** Whose deployment the registry is of. */
  readonly deployment: string
  /** The role that sees the rows of every tenant, where there is one. */
  readonly operator: string | undefined
  /** What the database of the registry knows of signing, and this one has to. */
  readonly signing: SigningState
  readonly migrations: Migrations | undefined
}

/** Makes a tenant's own database, where it has one, and its schema there. What is there already stays. */
export async function makePlace (config: TenancyConfig, request: PlaceRequest): Promise<void> {
  const { tenant } = request
  if (hasDatabase(tenant)) await ensureDatabase(config, tenant, request.operator)
  await announcedIfUsed(config, (isAnnounced) => makeAt(config, { ...request, isAnnounced }))
}

async function makeAt (config: TenancyConfig, request: PlaceRequest & SchemaMaking): Promise<void> {
  const { tenant } = request
  await withOwner(config, async (sql) => {
    const step = async (fn: (tx: TransactionSql) => Promise<void>): Promise<void> => await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
      await claimDatabase(tx, request.deployment, hasDatabase(tenant) ? tenant.id : null)
      await writeSigning(tx, request.signing)
      await fn(tx)
    })
    // The connections on which Citus makes sequences and types on its workers see no schema that has not been committed.
    if (await hasCitus(sql)) await step((tx) => claimSchema(tx, request))
    await step((tx) => makeSchema(tx, config, request))
  }, tenant)
}

type SchemaMaking = Omit<PlaceRequest, 'operator' | 'signing'> & { readonly isAnnounced: boolean }

function hasDatabase (tenant: Tenant): tenant is Tenant & { readonly database: string } {
  return tenant.database !== null
}

async function claimSchema (tx: TransactionSql, { tenant: { id, schema, isolation }, isKnown, deployment }: Pick<PlaceRequest, 'tenant' | 'isKnown' | 'deployment'>): Promise<void> {
  await lockFor(tx, 'schema', schema)
  await ensureSchema(tx, { schema, strategy: strategyOf(isolation), tenantId: id, deployment, isKnown })
}

/** Makes the tenant's schema with its migrations, policies and grants, in a transaction of the owner at its place. */
export async function makeSchema (tx: TransactionSql, config: TenancyConfig, { tenant, isKnown, deployment, migrations, isAnnounced }: SchemaMaking): Promise<void> {
  const strategy = strategyOf(tenant.isolation)
  await claimSchema(tx, { tenant, isKnown, deployment })
  const settings = settingsOf(tenant, config.extensionsSchema)
  await updateSchema(tx, { strategy, settings, tenantIds: [tenant.id], appRole: roleAt(config, tenant), migrations, extensionsSchema: config.extensionsSchema, isAnnounced })
}

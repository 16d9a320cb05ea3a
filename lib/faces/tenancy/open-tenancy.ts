import { type TenantClient, createTenantClient } from '../../data/client/index.ts'
import { catalogSettings, settingsOf } from '../../data/isolation/index.ts'
import { SchemaAge } from '../../data/lanes/index.ts'
import { Places, type TenantPlace } from '../../data/places/index.ts'
import { Signer } from '../../data/signing/index.ts'
import { type RegistryReader, SCHEMA_AGE_SQL, TENANT_ROW_SQL, VERSION_SQL, createOwnerRegistry, createRegistryReader } from '../../data/registry/index.ts'
import { TenantWatch } from '../../data/watch/index.ts'
import { auditEverywhere, runAudit } from '../../operations/audit/index.ts'
import { provision } from '../../operations/provisioning/index.ts'
import { NOTE_REFUSALS_SQL } from '../../operations/roles/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { assertSingleCopy } from '../../settings/context/index.ts'
import { type Enforcement, createEnforcement } from '../../settings/enforcement/index.ts'
import { ContextRefusedError, RegistryUnavailableError } from '../../words/errors/index.ts'
import { parseTenantId } from '../../words/names.ts'
import type { Finding, Tenant, TenantId } from '../../words/types.ts'
import { type Admission, admitOnly, admitRegistered } from './admission.ts'
import { createAcross } from './across.ts'
import { createAdoption } from './adoptions.ts'
import { createLifecycle } from './lifecycle.ts'
import { createFleet } from './fleet.ts'
import { requireInstance } from './instance-check.ts'
import { processLogger } from './logger.ts'
import { createMoves } from './moves.ts'
import { createRunners } from './runners.ts'
import { judgeFindings, warnAboutSingleMode } from './start-checks.ts'
import type { OpenTenancy } from './tenancy.ts'
import { proveSigning } from './prove-signing.ts'
import { createSigning } from './signing.ts'
import { createTransfers } from './transfers.ts'

interface Parts {
  readonly config: TenancyConfig
  readonly enforcement: Enforcement
  readonly places: Places
  readonly client: TenantClient
  readonly reader: RegistryReader
  readonly admission: Admission
  readonly watch: TenantWatch
}

/** How a tenancy is opened. */
export interface OpenRequest {
  /** False leaves the mark of `single` mode alone: who only looks has no claim on a database. Default: true. */
  readonly claimsInstance?: boolean
}

/**
 * Connects, looks at the role, and returns a running tenancy. The plugin and `createTenancy` are faces of it.
 *
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE
 * @throws {RoleUnsafeError} FST_TENANCY_ROLE_UNSAFE — in multi mode, if the role can see past the isolation.
 * @throws {InstanceMismatchError} FST_TENANCY_INSTANCE_MISMATCH — in single mode, the database is another TENANT_ID's.
 * @throws {TwoCopiesError} FST_TENANCY_CONTEXT_TWO_COPIES
 */
export async function openTenancy (config: TenancyConfig, { claimsInstance = true }: OpenRequest = {}): Promise<OpenTenancy> {
  assertSingleCopy()
  const log = config.log ?? processLogger
  warnAboutSingleMode(config, log)
  const enforcement = createEnforcement(config.enforce, log)
  const age = new SchemaAge({ read: async () => await client.query(catalogSettings(''), SCHEMA_AGE_SQL), cacheMs: config.registryCacheMs })
  const signer = config.signing === undefined ? undefined : new Signer(config.signing)
  const places = await Places.start({
    config,
    log,
    sign: signer?.sign,
    admit: async (id) => await admission.admit(id),
    settingsOf: (tenant) => tenant === undefined ? catalogSettings('') : settingsOf(tenant, config.extensionsSchema),
    ask: async (place, text, parameters) => await client.query(catalogSettings(''), text, parameters, place),
    age,
    judge: async (place, tenant) => {
      judgeFindings(await audit(place, tenant), config.mode, enforcement, log)
      if (signer !== undefined) await proveSigning(client, config.tenantId, place)
    }
  })
  const whereabouts = { forget: (id: TenantId) => reader.forget(id), find: async (id: TenantId) => await admission.admit(id) }
  const client = createTenantClient({ places, timeouts: config.timeouts, enforcement, whereabouts })
  const reader = createRegistryReader({
    readRow: (id) => client.query(catalogSettings(id), TENANT_ROW_SQL, [id]),
    readVersion: () => client.query(catalogSettings(''), VERSION_SQL),
    cacheMs: config.registryCacheMs,
    naming: config
  })
  const admission = config.mode === 'single' ? admitOnly(config) : admitRegistered(reader, enforcement, config.minMigration)
  /** A database of a tenant's own has no shared tables that would need policies. */
  const audit = async (place: TenantPlace, tenant?: Tenant): Promise<readonly Finding[]> => await runAudit(
    async (text, tenantId) => await client.query(catalogSettings(tenantId ?? ''), text, [], place),
    { sharedSchema: config.sharedSchema, extensionsSchema: config.extensionsSchema, isOwnDatabase: tenant !== undefined && tenant.database !== null, isSigning: config.signing !== undefined, isLocked: config.locked }
  )
  const watch = new TenantWatch({ places, connectTimeoutMs: config.timeouts.connect, cacheMs: config.registryCacheMs, reader, age, isObserving: enforcement.isObserving, log })
  try {
    signer?.bind(await places.deployment())
    judgeFindings(await audit(places.home), config.mode, enforcement, log)
    if (signer !== undefined) await proveSigning(client, config.tenantId, places.home)
    if (config.mode === 'multi') {
      await requireRegistry(client, config.tenantId)
      await watch.start()
    } else if (claimsInstance) {
      await requireInstance(async (text, parameters) => await client.query(catalogSettings(''), text, parameters), config.tenantId, enforcement, log)
    }
    return assemble({ config, enforcement, places, client, reader, admission, watch })
  } catch (error) {
    await watch.close()
    await places.close(0)
    throw error
  }
}

/** A registry that is not there would refuse every request, so the start fails instead. */
async function requireRegistry (client: TenantClient, tenantId: TenantId): Promise<void> {
  // As a tenant has it: where the database takes nothing unsigned and this process signs nothing, it says so here.
  await client.query(catalogSettings(tenantId), TENANT_ROW_SQL, [tenantId]).catch((cause: unknown) => {
    throw cause instanceof ContextRefusedError ? cause : new RegistryUnavailableError({ cause })
  })
}

function assemble (parts: Parts): OpenTenancy {
  const { config, enforcement, places, client, reader, admission, watch } = parts
  const owner = createOwnerRegistry(config)
  const runners = createRunners(admission, config, config.log ?? processLogger)
  const runTransaction: OpenTenancy['runTransaction'] = async ({ readOnly }, fn) => await client.joinTransaction(readOnly ? 'read only' : '', fn)
  return {
    config,
    enforcement,
    ...admission,
    runTransaction,
    peek: (tenantId) => config.mode === 'single' ? admission.recall(tenantId) : reader.peek(tenantId),
    noteRefusals: async (records) => { await client.query(catalogSettings(''), NOTE_REFUSALS_SQL, [records]) },
    tenancy: {
      sql: client.sql,
      ...runners,
      ...createLifecycle(parts),
      ...createAcross({ config, sql: client.sql, runWithTenant: runners.runWithTenant, runTransaction }),
      registry: {
        get: async (id) => await reader.find(parseTenantId(id)),
        list: async () => await owner.list(),
        setStatus: async (text, status) => {
          const id = parseTenantId(text)
          return await owner.setStatus(id, status).finally(() => reader.forget(id)).finally(() => watch.look())
        }
      },
      provision: async (request) => {
        const tenant = await provision(config, request)
        reader.forget(tenant.id)
        return tenant
      },
      ...createFleet(config, reader),
      ...createMoves({ config, forget: (id) => reader.forget(id) }),
      ...createTransfers({ config, forget: (id) => reader.forget(id) }),
      signing: createSigning(config),
      adopt: createAdoption(config, (id) => reader.forget(id)),
      audit: async () => (await auditEverywhere(config)).findings,
      stats: async () => ({ lanes: places.home.lanes.stats, places: places.stats, observed: enforcement.observed }),
      close: async () => {
        await watch.close()
        await places.close(config.timeouts.acquire)
      }
    }
  }
}

import { Channels } from '../../data/channels/index.ts'
import { type TenantClient, createTenantClient } from '../../data/client/index.ts'
import { settingsOf } from '../../data/isolation/index.ts'
import { type AskForTypes, Lanes } from '../../data/lanes/index.ts'
import { type RegistryReader, TENANT_ROW_SQL, VERSION_SQL, createOwnerRegistry, createRegistryReader } from '../../data/registry/index.ts'
import { ARRAY_TYPES_SQL, openDriver, postgresDialect, probeServer } from '../../data/wire/index.ts'
import { runAudit } from '../../operations/audit/index.ts'
import { migrateTenants } from '../../operations/migrations/index.ts'
import { provision } from '../../operations/provisioning/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { assertSingleCopy } from '../../settings/context/index.ts'
import { type Enforcement, createEnforcement } from '../../settings/enforcement/index.ts'
import { DatabaseUnreachableError, RegistryUnavailableError } from '../../words/errors.ts'
import { parseTenantId } from '../../words/names.ts'
import type { TenantId, TenantSettings } from '../../words/types.ts'
import { type Admission, admitOnly, admitRegistered } from './admission.ts'
import { processLogger } from './logger.ts'
import { createRunners } from './runners.ts'
import { judgeFindings, warnAboutSingleMode } from './start-checks.ts'
import type { OpenTenancy } from './tenancy.ts'

interface Parts {
  readonly config: TenancyConfig
  readonly enforcement: Enforcement
  readonly lanes: Lanes
  readonly channels: Channels
  readonly client: TenantClient
  readonly reader: RegistryReader
  readonly admission: Admission
}

/**
 * Connects, looks at the role, and returns a running tenancy. The plugin and `createTenancy` are faces of it.
 *
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE
 * @throws {RoleUnsafeError} FST_TENANCY_ROLE_UNSAFE — in multi mode, if the role can see past the isolation.
 * @throws {TwoCopiesError} FST_TENANCY_CONTEXT_TWO_COPIES
 */
export async function openTenancy (config: TenancyConfig): Promise<OpenTenancy> {
  assertSingleCopy()
  const log = config.log ?? processLogger
  warnAboutSingleMode(config, log)
  const enforcement = createEnforcement(config.enforce, log)
  const driver = openDriver(config.database, config.timeouts.connect)
  const { isPooled } = await probeServer(driver).catch((cause: unknown) => { throw new DatabaseUnreachableError({ cause }) })
  if (isPooled) log.warn({}, 'a connection pooler answers: statements are not prepared by name, and sql.reserve and advisory locks need its session mode')
  const dialect = postgresDialect({ isNamed: driver.isPreparing && !isPooled })
  const askForTypes: AskForTypes = async (types) => (await client.query(catalogSettings(''), ARRAY_TYPES_SQL, [`{${types.join()}}`]))
    .map(({ array, element }) => ({ array: Number(array), element: Number(element) }))
  const lanes = new Lanes(driver, dialect, { ...config.lanes, perTenant: lanesPerTenant(config), isPooled, timeouts: config.timeouts, askForTypes })
  const reader = createRegistryReader({
    readRow: (id) => client.query(catalogSettings(id), TENANT_ROW_SQL, [id]),
    readVersion: () => client.query(catalogSettings(''), VERSION_SQL),
    cacheMs: config.registryCacheMs,
    sharedSchema: config.sharedSchema
  })
  const admission = config.mode === 'single' ? admitOnly(config) : admitRegistered(reader, enforcement)
  const channels = new Channels({ driver, isPooled, connectTimeoutMs: config.timeouts.connect, key: config.channelKey, admit: admission.admit, log })
  const client = createTenantClient({
    builder: driver.builder,
    lanes,
    dialect,
    channels,
    timeouts: config.timeouts,
    enforcement,
    settingsOf: (tenant) => tenant === undefined ? catalogSettings('') : settingsOf(tenant, config.extensionsSchema)
  })
  try {
    await lanes.start().catch((cause: unknown) => { throw new DatabaseUnreachableError({ cause }) })
    const open = assemble({ config, enforcement, lanes, channels, client, reader, admission })
    judgeFindings(await open.tenancy.audit(), config.mode, enforcement, log)
    if (config.mode === 'multi') await requireRegistry(client)
    return open
  } catch (error) {
    await lanes.close(0)
    throw error
  }
}

/** A registry that is not there would refuse every request, so the start fails instead. */
async function requireRegistry (client: TenantClient): Promise<void> {
  await client.query(catalogSettings(''), `${TENANT_ROW_SQL} limit 0`, ['']).catch((cause: unknown) => {
    throw new RegistryUnavailableError({ cause })
  })
}

function assemble (parts: Parts): OpenTenancy {
  const { config, enforcement, lanes, channels, client, reader, admission } = parts
  const owner = createOwnerRegistry(config)
  return {
    config,
    enforcement,
    ...admission,
    runTransaction: async ({ readOnly }, fn) => await client.joinTransaction(readOnly ? 'read only' : '', fn),
    tenancy: {
      sql: client.sql,
      ...createRunners(admission, config.log ?? processLogger),
      registry: {
        get: async (id) => await reader.find(parseTenantId(id)),
        list: async () => await owner.list(),
        setStatus: async (text, status) => {
          const id = parseTenantId(text)
          return await owner.setStatus(id, status).finally(() => reader.forget(id))
        }
      },
      provision: async (request) => {
        const tenant = await provision(config, request)
        reader.forget(tenant.id)
        return tenant
      },
      migrate: async () => await migrateTenants(config),
      audit: async () => await runAudit(async (text) => await client.query(catalogSettings(''), text), { sharedSchema: config.sharedSchema }),
      stats: async () => ({ lanes: lanes.stats, observed: enforcement.observed }),
      close: async () => {
        await channels.close()
        await lanes.close(config.timeouts.acquire)
      }
    }
  }
}

/** One lane is left for whoever else comes, so that slow statements of one tenant do not stop all. */
function lanesPerTenant ({ mode, lanes: { max, perTenant } }: TenancyConfig): number {
  return perTenant ?? (mode === 'single' ? max : Math.max(1, max - 1))
}

/** The settings of statements that read no table of a tenant: the catalog alone, and a tenant id where row security asks for one. */
function catalogSettings (tenantId: TenantId | ''): TenantSettings {
  return { searchPath: 'pg_catalog, pg_temp', schema: 'pg_catalog', tenantId }
}

import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import postgres from 'postgres'
import { settingsOf } from '../../data/isolation/index.ts'
import { roleOf } from '../../operations/roles/index.ts'
import { claimText } from '../../settings/claim/index.ts'
import { isOwnError } from '../../words/own-error.ts'
import { isTenantId } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import type { OpenTenancy } from '../tenancy/index.ts'
import { contextOf } from './request-state.ts'

/** What is known of a request at the moment in which it is refused. For operators: nothing of it is in an answer. */
export interface RefusalRecord {
  readonly errorId: string
  readonly route: string
  /** The code of the innermost error that has one. */
  readonly reason: string
  /** Whether the request had no token that was good. */
  readonly isStranger: boolean
  readonly mode: string
  /** The name of the tenant claim, and the beginning of what the token had there. */
  readonly claim: string
  readonly claimed: string | null
  /** What the registry said of the tenant; null where it said nothing. */
  readonly registry: Pick<Tenant, 'id' | 'status' | 'isolation' | 'server' | 'database' | 'schema' | 'migration'> | null
  /** The search_path that statements have, and the role that sends them. */
  readonly path: string | null
  readonly role: string
}

/** What the token of a request had as its claim. Asked for only when a request is refused. */
const payloads = new WeakMap<FastifyRequest, object>()

/** Keeps the payload of a request whose token is good, should it be refused all the same. */
export function noteClaim (request: FastifyRequest, payload: object): void {
  payloads.set(request, payload)
}

/** Tells whether an error is this package's, or the server's answer to a statement. */
export function isRefusal (error: Error): boolean {
  return error instanceof postgres.PostgresError || isOwnError(error)
}

export function reasonOf (error: Error): string {
  return String(codeOf(error.cause) ?? codeOf(error))
}

/** Returns what there is to say, under a new random id. */
export function recordOf (open: OpenTenancy, request: FastifyRequest, error: Error): RefusalRecord {
  const { config } = open
  const payload = payloads.get(request)
  const claimed = payload === undefined ? undefined : claimText(payload, config.claim)
  const tenant = contextOf(request)?.tenant ?? (isTenantId(claimed) ? open.peek(claimed) : undefined)
  return {
    errorId: randomBytes(8).toString('hex'),
    route: `${request.method} ${request.routeOptions.url ?? ''}`,
    reason: reasonOf(error),
    isStranger: config.mode === 'multi' && payload === undefined && tenant === undefined,
    mode: config.mode,
    claim: config.claim,
    claimed: claimed ?? (config.mode === 'multi' ? tenant?.id : undefined) ?? null,
    registry: tenant === undefined ? null : registryOf(tenant),
    path: tenant === undefined ? null : settingsOf(tenant, config.extensionsSchema).searchPath,
    role: roleOf(config.database)
  }
}

function registryOf ({ id, status, isolation, server, database, schema, migration }: Tenant): RefusalRecord['registry'] {
  return { id, status, isolation, server, database, schema, migration }
}

function codeOf (error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : undefined
}

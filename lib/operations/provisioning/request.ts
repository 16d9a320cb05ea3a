import { OptionsInvalidError } from '../../words/errors/index.ts'
import { parseTenantId } from '../../words/names.ts'
import type { IsolationStrategyName, TenantId } from '../../words/types.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { isRecord, unknownNames } from '../roles/index.ts'
import type { ServerWish } from './placement.ts'

/** A tenant that is to be served. */
export interface ProvisionRequest {
  /** 1 to 56 ASCII letters, digits, `_` and `-`, the first a letter or digit. */
  readonly id: string
  /** For people. Default: the id; a tenant that exists keeps its name. */
  readonly name?: string
  /** Default: the option `isolation`; a tenant that exists keeps its own. */
  readonly isolation?: IsolationStrategyName
  /** The server by name, or any with a tag. Default: by the weights of `servers`; a tenant that exists keeps its own, and is moved by `move` alone. */
  readonly server?: string | { readonly tag: string }
}

/** A request that was checked. */
export interface CheckedRequest {
  readonly id: TenantId
  readonly name: string | undefined
  readonly isolation: IsolationStrategyName | undefined
  readonly server: ServerWish
}

const NAMES = ['id', 'name', 'isolation', 'server']
const MAX_NAME_LENGTH = 200

/**
 * Returns the request if it can be used. Everything is checked before the transaction: a driver error inside it could
 * lose the connection (D-07).
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the message lists every problem.
 * @throws {TenantIdInvalidError} FST_TENANCY_TENANT_ID_INVALID — the id has other characters or lengths.
 */
export function checkRequest (request: ProvisionRequest): CheckedRequest {
  if (!isRecord(request)) throw new OptionsInvalidError('- provision needs an object, such as { id: "acme", name: "Acme Corporation" }.')
  const { id, name, isolation, server } = request
  const problems = unknownNames('', request, NAMES)
  if (id === undefined) problems.push('id is required: provision({ id: "acme" }).')
  if (name !== undefined && (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH || name.includes('\0'))) {
    problems.push(`name must be a text of 1 to ${MAX_NAME_LENGTH} characters.`)
  }
  if (server !== undefined && typeof server !== 'string' && !(isRecord(server) && typeof server.tag === 'string')) {
    problems.push('server must be the name of a server, or { tag: "…" }.')
  }
  if (problems.length > 0) throw new OptionsInvalidError(problems.map((problem) => `- ${problem}`).join('\n'))
  if (isolation !== undefined) strategyOf(isolation)
  return { id: parseTenantId(id), name, isolation, server }
}

import { OptionsInvalidError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, MAX_IDENTIFIER_BYTES, parseSchemaName } from '../../words/names.ts'
import { type DatabaseOption, type SigningConfig, type SigningOption, databaseProblems, signingOf } from '../../settings/config/index.ts'
import type { RoleRequest } from './role.ts'
import { isRecord, unknownNames } from './unknown-names.ts'

/** What {@link setUpDatabase} is to make, and as whom. */
export interface SetUpRequest {
  /** The database, as a superuser or as a role that owns it and may create roles. It may be the owner itself. */
  readonly adminDatabase: DatabaseOption
  /** The role of `ownerDatabase`: owns every schema, runs migrations. */
  readonly owner: RoleRequest
  /** The role of `database`: serves requests, owns nothing. */
  readonly app: RoleRequest
  /** The role of `operatorDatabase`: sees and changes the rows of every tenant, owns nothing. Default: there is none. */
  readonly operator?: RoleRequest
  /** Default: `shared`. */
  readonly sharedSchema?: string
  /** Default: `extensions`. */
  readonly extensionsSchema?: string
  /** Keys for a signed tenant context, as the option `signing` has them: the database knows them from now on. Default: none. */
  readonly signing?: SigningOption | string
  /**
   * Takes `set_config` and the languages of `DO` from everybody in this database but the owner and the operator, for the option
   * `locked`. Needs a superuser. Default: `false`, which leaves them as they are.
   */
  readonly locked?: boolean
}

/** The names of the two schemas that a request asks for, and its keys. */
export interface SetUpChoices {
  readonly sharedSchema: string
  readonly extensionsSchema: string
  readonly signing: SigningConfig | undefined
}

const NAMES = ['adminDatabase', 'owner', 'app', 'operator', 'sharedSchema', 'extensionsSchema', 'signing', 'locked']
const ROLE_NAMES = ['name', 'password']

/** Names that PostgreSQL keeps for itself: it refuses the first kind, and takes the others for everybody and nobody. */
const RESERVED_ROLE = /^(pg_.*|public|none)$/s

/**
 * Returns the schemas and keys of a request that can be used.
 *
 * Before anything connects: an empty URL would make the driver take PGHOST and PGDATABASE, and prepare another database.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the message lists every problem at once.
 */
export function checkSetUp (request: SetUpRequest): SetUpChoices {
  if (!isRecord(request)) throw invalid(['setUpDatabase needs an object: { adminDatabase, owner: { name, password }, app: { name, password } }.'])
  const { sharedSchema = 'shared', extensionsSchema = 'extensions' } = request
  const problems = [
    ...unknownNames('', request, NAMES),
    ...adminProblems(request.adminDatabase),
    ...roleProblems('owner', request.owner),
    ...roleProblems('app', request.app),
    ...(request.operator === undefined ? [] : roleProblems('operator', request.operator)),
    ...schemaProblems({ sharedSchema, extensionsSchema })
  ]
  const signing = signingOf(request.signing, problems)
  if (request.locked !== undefined && typeof request.locked !== 'boolean') problems.push('locked must be true or false.')
  if (isRecord(request.owner) && isRecord(request.app) && request.owner.name !== undefined && request.owner.name === request.app.name) {
    problems.push('owner and app must be two roles: what owns the tables is held by no policy.')
  }
  if (isRecord(request.operator) && [request.owner, request.app].some((role) => isRecord(role) && role.name !== undefined && role.name === request.operator?.name)) {
    problems.push('operator must be a role of its own: it is not held by the policies.')
  }
  if (problems.length > 0) throw invalid(problems)
  return { sharedSchema, extensionsSchema, signing }
}

function adminProblems (database: unknown): string[] {
  if (isText(database) || isRecord(database)) return databaseProblems('adminDatabase', database)
  return ['adminDatabase is required: the URL or postgres.js options of an administrator, such as "postgres://postgres:password@host:5432/database".']
}

function roleProblems (place: string, role: unknown): string[] {
  if (!isRecord(role)) return [`${place} must be an object: { name, password }.`]
  const { name, password }: { name?: unknown, password?: unknown } = role
  const problems = unknownNames(`${place}.`, role, ROLE_NAMES)
  if (!isRoleName(name)) {
    problems.push(`${place}.name must be a role name of 1 to ${MAX_IDENTIFIER_BYTES} bytes, without control characters, that does not begin with "pg_".`)
  }
  if (password !== undefined && (!isText(password) || password.includes('\0'))) {
    problems.push(`${place}.password must be a text that is not empty; leave it out to keep the password of a role that exists.`)
  }
  return problems
}

/** PostgreSQL cuts a name that is too long to another one (I-01). */
function isRoleName (name: unknown): boolean {
  if (!isText(name) || RESERVED_ROLE.test(name) || Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) return false
  return ![...name].some((character) => character < ' ' || character === '\x7f')
}

function schemaProblems (schemas: Omit<SetUpChoices, 'signing'>): string[] {
  const problems = Object.entries(schemas)
    .filter(([, schema]) => !isSchemaName(schema))
    .map(([name]) => `${name} must be a lower-case identifier that is not reserved ("public", "pg_…", "tenant_…", "${CONTROL_SCHEMA}").`)
  if (schemas.sharedSchema === schemas.extensionsSchema) problems.push('sharedSchema and extensionsSchema must be two schemas.')
  return problems
}

function isSchemaName (name: unknown): boolean {
  try {
    return typeof name === 'string' && parseSchemaName(name) === name
  } catch {
    return false
  }
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function invalid (problems: readonly string[]): Error {
  return new OptionsInvalidError(problems.map((problem) => `- ${problem}`).join('\n'))
}

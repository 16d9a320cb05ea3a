import { randomBytes } from 'node:crypto'
import postgres, { type Sql } from 'postgres'
import { type SetUpRequest, setUpDatabase } from '../../lib/operations/roles/index.ts'
import { startDatabase } from '../../lib/faces/testing/index.ts'

/** What a test needs of tap. */
export interface TestScope {
  teardown (fn: () => unknown): void
}

/** How the database of one test differs from the usual. */
export interface TestDatabaseRequest {
  readonly sharedSchema?: string
  readonly extensionsSchema?: string
  /** False leaves the database empty; the roles are there all the same. Default: true. */
  readonly isSetUp?: boolean
  /** Whether there is a role for operators. Default: false. */
  readonly hasOperator?: boolean
  /** The superuser's URL of the server. Default: the one that all tests share. */
  readonly server?: string
  /** The keys of a signed tenant context. Default: none. */
  readonly signing?: NonNullable<SetUpRequest['signing']>
  /** Whether the application's role cannot change settings inside of a statement. Default: false. */
  readonly locked?: boolean
}

/** A database of one test, with roles of its own. */
export interface TestDatabase {
  /** As superuser. */
  readonly adminUrl: string
  /** As the role that owns the schemas. */
  readonly ownerUrl: string
  /** As the application's role. */
  readonly appUrl: string
  /** As the role that sees the rows of all tenants, if it was asked for. */
  readonly operatorUrl: string
  /** A plain postgres.js client of the superuser on this database. */
  readonly admin: Sql
}

let server: Promise<string> | undefined

/** The superuser's URL of the server that tests use: TEST_DATABASE_URL, or one that lives as long as this process. */
export function testServer (): Promise<string> {
  server ??= startOnce()
  return server
}

async function startOnce (): Promise<string> {
  const url = process.env['TEST_DATABASE_URL']
  if (url !== undefined && url !== '') return url
  return (await startDatabase()).url
}

/** Makes a database with an owner and an application role, all with random names, and drops them when `t` ends. */
export async function testDatabase (t: TestScope, request: TestDatabaseRequest = {}): Promise<TestDatabase> {
  const { isSetUp = true, hasOperator = false, server: ownServer, ...rest } = request
  const serverUrl = ownServer ?? await testServer()
  const suffix = randomBytes(6).toString('hex')
  const database = `test_${suffix}`
  const owner = { name: `owner_${suffix}`, password: randomBytes(12).toString('hex') }
  const app = { name: `app_${suffix}`, password: randomBytes(12).toString('hex') }
  const operator = { name: `operator_${suffix}`, password: randomBytes(12).toString('hex') }
  await onServer(serverUrl, [
    `create database ${database}`,
    `create role ${owner.name} login password '${owner.password}'`,
    `create role ${app.name} login password '${app.password}'`
  ])
  const adminUrl = urlOf(serverUrl, database)
  const admin = postgres(adminUrl, { max: 4, onnotice: () => {} })
  t.teardown(async () => {
    await admin.end({ timeout: 5 })
    await onServer(serverUrl, [`drop database ${database} with (force)`, `drop role ${app.name}`, `drop role ${owner.name}`, `drop role if exists ${operator.name}`])
  })
  if (isSetUp) await setUpDatabase({ adminDatabase: adminUrl, owner, app, ...(hasOperator ? { operator } : {}), ...rest })
  return { adminUrl, operatorUrl: urlOf(serverUrl, database, operator), ownerUrl: urlOf(serverUrl, database, owner), appUrl: urlOf(serverUrl, database, app), admin }
}

async function onServer (serverUrl: string, statements: readonly string[]): Promise<void> {
  const sql = postgres(serverUrl, { max: 1, onnotice: () => {} })
  try {
    for (const statement of statements) await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function urlOf (serverUrl: string, database: string, role?: { readonly name: string, readonly password: string }): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  if (role !== undefined) {
    url.username = role.name
    url.password = role.password
  }
  return url.href
}

import type { TransactionSql } from 'postgres'
import { quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { isVerifierOf, verifierOf } from './verifier.ts'

/** A log-in role: its name and, where the server asks for one, its password. */
export interface RoleRequest {
  readonly name: string
  /** A role that exists keeps its password if this is left out. */
  readonly password?: string
}

/** What a role of ours may not have, as `pg_roles` and as `create role` say it. */
const FORBIDDEN = [
  ['rolbypassrls', 'nobypassrls'],
  ['rolcreatedb', 'nocreatedb'],
  ['rolcreaterole', 'nocreaterole'],
  ['rolreplication', 'noreplication']
] as const

/**
 * Creates a log-in role without any power, or takes the power from one that exists.
 *
 * Only what differs is altered: a superuser is needed for some of it, and most installations have nothing to alter. A
 * superuser is refused rather than stripped, since somebody else may live on it.
 */
export async function ensureRole (tx: TransactionSql, role: RoleRequest): Promise<void> {
  await ensure(tx, role, FORBIDDEN)
}

/** Creates the log-in role of operators, or takes other power from one that exists: row security does not hold it (BYPASSRLS). */
export async function ensureOperator (tx: TransactionSql, role: RoleRequest): Promise<void> {
  await ensure(tx, role, FORBIDDEN.filter(([column]) => column !== 'rolbypassrls'))
  const [found] = await tx`select rolbypassrls as passes from pg_catalog.pg_roles where rolname = ${role.name}`
  if (found?.['passes'] !== true) await tx.unsafe(`alter role ${quoteIdentifier(role.name)} bypassrls`)
}

async function ensure (tx: TransactionSql, role: RoleRequest, forbidden: ReadonlyArray<typeof FORBIDDEN[number]>): Promise<void> {
  const name = quoteIdentifier(role.name)
  const [found] = await tx`
    select rolsuper, rolcanlogin, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication
    from pg_catalog.pg_roles where rolname = ${role.name}`
  if (found === undefined) {
    await tx.unsafe(`create role ${name} login nosuperuser ${[...forbidden.map(([, without]) => without), ...passwordWords(role)].join(' ')}`)
    return
  }
  if (found['rolsuper'] === true) throw new Error('the role exists and is a superuser: name another one')
  const changes: string[] = forbidden.filter(([column]) => found[column] === true).map(([, without]) => without)
  if (found['rolcanlogin'] !== true) changes.push('login')
  if (!await hasPassword(tx, role)) changes.push(...passwordWords(role))
  if (changes.length > 0) await tx.unsafe(`alter role ${name} ${changes.join(' ')}`)
}

function passwordWords ({ password }: RoleRequest): readonly string[] {
  return password === undefined ? [] : [`password ${quoteLiteral(verifierOf(password))}`]
}

/** Tells whether the role is known to have this password. Only a superuser can look; for others it is not known. */
async function hasPassword (tx: TransactionSql, { name, password }: RoleRequest): Promise<boolean> {
  if (password === undefined) return true
  const [right] = await tx`select pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'select') as "canRead"`
  if (right?.['canRead'] !== true) return false
  const [found] = await tx`select rolpassword from pg_catalog.pg_authid where rolname = ${name}`
  const stored: unknown = found?.['rolpassword']
  return typeof stored === 'string' && isVerifierOf(stored, password)
}

/** Takes every membership from the application's role, since it could `set role` to any of them. */
export async function revokeMemberships (tx: TransactionSql, role: RoleRequest): Promise<void> {
  const memberships = await tx`
    select r.rolname from pg_catalog.pg_auth_members m
    join pg_catalog.pg_roles r on r.oid = m.roleid
    join pg_catalog.pg_roles a on a.oid = m.member
    where a.rolname = ${role.name}`
  for (const { rolname } of memberships) {
    await tx.unsafe(`revoke ${quoteIdentifier(rolname)} from ${quoteIdentifier(role.name)} cascade`)
  }
}

/** Runs `fn` as another role of the same transaction; an administrator who is no superuser joins it for that long. */
export async function asRole (tx: TransactionSql, role: RoleRequest, fn: () => Promise<void>): Promise<void> {
  const name = quoteIdentifier(role.name)
  const [me] = await tx`
    select current_user = ${role.name} as "isSame", case
      when current_setting('server_version_num')::int >= 160000 then pg_catalog.pg_has_role(${role.name}, 'set')
      else pg_catalog.pg_has_role(${role.name}, 'member') end as "canSet"`
  if (me?.['isSame'] === true) return fn()
  const mustJoin = me?.['canSet'] !== true
  if (mustJoin) await tx.unsafe(`grant ${name} to current_user`)
  await tx.unsafe(`set local role ${name}`)
  await fn()
  await tx.unsafe('reset role')
  if (mustJoin) await tx.unsafe(`revoke ${name} from current_user`)
}

import type { TransactionSql } from 'postgres'
import { MAX_IDENTIFIER_BYTES, quoteIdentifier, quoteLiteral } from '../../words/names.ts'

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

/** Refuses a name that PostgreSQL would cut to another one (I-01). */
export function assertRoleName (name: string): void {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw new RangeError(`a role name has 1 to ${MAX_IDENTIFIER_BYTES} bytes and no NUL`)
  }
}

/**
 * Creates a log-in role without any power, or takes the power from one that exists.
 *
 * Only what differs is altered: a superuser is needed for some of it, and most installations have nothing to alter. A
 * superuser is refused rather than stripped, since somebody else may live on it.
 */
export async function ensureRole (tx: TransactionSql, role: RoleRequest): Promise<void> {
  const name = quoteIdentifier(role.name)
  const password = role.password === undefined ? '' : ` password ${quoteLiteral(role.password)}`
  const [found] = await tx`
    select rolsuper, rolcanlogin, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication
    from pg_catalog.pg_roles where rolname = ${role.name}`
  if (found === undefined) {
    await tx.unsafe(`create role ${name} login nosuperuser ${FORBIDDEN.map(([, without]) => without).join(' ')}${password}`)
    return
  }
  if (found['rolsuper'] === true) throw new Error('the role exists and is a superuser: name another one')
  const changes: string[] = FORBIDDEN.filter(([column]) => found[column] === true).map(([, without]) => without)
  if (found['rolcanlogin'] !== true) changes.push('login')
  if (changes.length > 0 || password !== '') await tx.unsafe(`alter role ${name} ${changes.join(' ')}${password}`)
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

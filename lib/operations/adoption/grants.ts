import type { TransactionSql } from 'postgres'
import { quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { AdoptedTable, AdoptionJob } from './job.ts'
import type { Grant, Source, SourceSequence } from './source.ts'

const ROW_PRIVILEGES = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE'])

/** The roles that the service has today: whoever owns its tables or was given rights on their rows. */
export function serviceRoles ({ tables }: Source): readonly string[] {
  const roles = tables.flatMap(({ owner, grants }) => [owner, ...grants.filter(({ privilege }) => ROW_PRIVILEGES.has(privilege)).map(({ grantee }) => grantee)])
  return [...new Set(roles.filter((role) => role !== ''))].sort()
}

/** Returns the statements that give what stands in the old place the rights on rows that the table gave. */
export function rowGrants (view: string, { grants, owner }: AdoptedTable['original']): readonly string[] {
  const given = grants.filter(({ privilege }) => ROW_PRIVILEGES.has(privilege))
  return [...given.map((grant) => grantStatement(grant, view)), `grant select, insert, update, delete on ${view} to ${quoteIdentifier(owner)}`]
}

/** Returns the statements that let the service draw from the sequences of a table which another owner has now. */
export function sequenceGrants (job: AdoptionJob, sequence: string): readonly string[] {
  return serviceRoles(job.state.original).map((role) => `grant usage, select, update on sequence ${sequence} to ${quoteIdentifier(role)}`)
}

/** Gives a table or sequence its old owner and exactly its old rights; what somebody was given who may give it on comes from that role again, where it may name the object. */
export async function restoreGrants (tx: TransactionSql, kind: 'table' | 'sequence', name: string, { owner, grants }: Pick<SourceSequence, 'owner' | 'grants'>): Promise<void> {
  const [row] = await tx.unsafe(`select relacl::text as acl, pg_catalog.pg_get_userbyid(relowner) as owner,
    (select coalesce(pg_catalog.json_agg(distinct case x.grantee when 0 then '' else pg_catalog.pg_get_userbyid(x.grantee) end), '[]')
      from pg_catalog.aclexplode(relacl) x) as grantees,
    (select coalesce(pg_catalog.json_agg(rolname), '[]') from pg_catalog.pg_roles where pg_catalog.has_schema_privilege(oid, relnamespace, 'usage')) as inside from pg_catalog.pg_class where oid = ${quoteLiteral(name)}::regclass`)
  if (row?.['owner'] !== owner) await tx.unsafe(`alter ${kind} ${name} owner to ${quoteIdentifier(owner)}`)
  const inside = new Set(namesIn(row?.['inside']))
  const others = new Set([...namesIn(row?.['grantees']), ...grants.map(({ grantee }) => grantee), owner])
  await tx.unsafe([
    ...[...others].map((grantee) => `revoke all on ${kind} ${name} from ${roleName(grantee)} cascade`),
    ...grants.flatMap((grant) => {
      const statement = grantStatement(grant, `${kind} ${name}`)
      return grant.grantor === owner || !inside.has(grant.grantor) ? [statement] : [`set local role ${quoteIdentifier(grant.grantor)}`, statement, 'reset role']
    })
  ].join(';\n'))
}

function namesIn (value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function grantStatement ({ privilege, column, grantee, isGrantable }: Grant, object: string): string {
  const on = column === null ? '' : ` (${quoteIdentifier(column)})`
  return `grant ${privilege}${on} on ${object} to ${roleName(grantee)}${isGrantable ? ' with grant option' : ''}`
}

function roleName (grantee: string): string {
  return grantee === '' ? 'public' : quoteIdentifier(grantee)
}

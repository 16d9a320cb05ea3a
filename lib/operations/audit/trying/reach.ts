import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../../words/names.ts'
import type { Finding } from '../../../words/types.ts'
import type { TryStatement } from './session.ts'

/** What the application's role can read and that says whose its rows are. */
export interface Reachable {
  readonly name: string
  /** The tenant whose schema it is in, or null where tenants share it. */
  readonly owner: string | null
  /** Whether policies hold it; in a tenant's own schema they need not. */
  readonly isSecured: boolean
  /** How much of it is looked at, in percent: a long table is looked at in parts. */
  readonly percent: number
}

/** Pages of a table that are looked at: 8 MB for each attempt. */
const MOST_PAGES = 1_000

/** The statement that lists them, behind the words of the checks. Partitions show what their parents show, and are judged by themselves. */
export const REACHABLE_SQL = `
  select r.name, case when r.kind = 'tenant' then substr(r.nspname, 8) end as owner, r.relrowsecurity as secured,
    case when r.relkind in ('r', 'm') and c.relpages > ${MOST_PAGES} then greatest(1, ${MOST_PAGES * 100} / c.relpages) else 100 end as percent
  from rel r join pg_class c on c.oid = r.oid
  where r.readable and r.attnum is not null and r.relkind in ('r', 'p', 'v', 'm', 'f') and not r.child and r.kind in ('tenant', 'shared', 'other', 'extensions')
  order by 1`

/** Reads a row of {@link REACHABLE_SQL}. */
export function reachableOf (row: Record<string, unknown>): Reachable {
  const { name, owner, secured, percent } = row
  return { name: String(name), owner: typeof owner === 'string' ? owner : null, isSecured: secured === true, percent: Number(percent) }
}

/** What was seen of one relation with one value of the tenant setting; `unknown` where it could not be read. */
export type Seen = 'nothing' | 'own' | 'others' | 'unknown'

/** So many relations are asked about in one statement. */
const CHUNK = 50

/** Looks with this tenant setting at each relation: are there rows of the tenant, or of another? */
export async function lookAt (attempt: TryStatement, setting: string | undefined, relations: readonly Reachable[]): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>()
  for (let at = 0; at < relations.length; at += CHUNK) {
    const chunk = relations.slice(at, at + CHUNK)
    const found = await lookAtChunk(attempt, setting, chunk) ?? await oneByOne(attempt, setting, chunk)
    for (const [name, what] of found) seen.set(name, what)
  }
  return seen
}

/** One that cannot be read, such as a foreign table whose server is away, takes the others with it. */
async function oneByOne (attempt: TryStatement, setting: string | undefined, relations: readonly Reachable[]): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>()
  for (const relation of relations) {
    const found = await lookAtChunk(attempt, setting, [relation])
    seen.set(relation.name, found?.get(relation.name) ?? 'unknown')
  }
  return seen
}

async function lookAtChunk (attempt: TryStatement, setting: string | undefined, relations: readonly Reachable[]): Promise<ReadonlyMap<string, Seen> | undefined> {
  const tried = await attempt(setting, relations.map((relation) => lookSql(relation, setting ?? '')).join(' union all '))
  if ('refusal' in tried) return undefined
  return new Map(tried.rows.map((row) => [String(row['name']), row['others'] === true ? 'others' : row['own'] === true ? 'own' : 'nothing']))
}

/** In a schema of its own a table without policies shows the tenant's rows whatever is set; the row of another is a fault all the same. */
function lookSql ({ name, owner, isSecured, percent }: Reachable, setting: string): string {
  const from = percent < 100 ? `${name} tablesample system (${percent})` : name
  const mine = quoteLiteral(owner !== null && !isSecured ? owner : setting)
  const column = `${quoteIdentifier(TENANT_COLUMN)}::text`
  return `select ${quoteLiteral(name)} as name, exists (select from ${from} where ${column} is distinct from ${mine}) as others, exists (select from ${from} where ${column} = ${mine}) as own`
}

/** Returns the finding that rows of others were seen. */
export function rowsOfOthers ({ name, owner }: Reachable, setting: string | undefined): Finding {
  const when = setting === undefined || setting.trim() === '' ? 'no tenant is set' : 'a tenant is set'
  return {
    check: 'rows-of-others',
    severity: owner === null ? 'fatal' : 'warning',
    object: name,
    message: `Rows that belong to somebody else were seen while ${when}: they were read, and not worked out.`,
    repair: `-- look at the other findings about ${name}; if there are none: select distinct ${TENANT_COLUMN} from ${name} as the owner`
  }
}

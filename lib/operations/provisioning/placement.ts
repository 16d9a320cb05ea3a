import type { TransactionSql } from 'postgres'
import { OptionsInvalidError } from '../../words/errors/index.ts'
import { DEFAULT_SERVER } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { TENANTS_TABLE } from '../../data/registry/index.ts'

/** Where a new tenant is to be: a server's name, or a tag that one of several servers has. Default: by weight, any server. */
export type ServerWish = string | { readonly tag: string } | undefined

interface Candidate {
  readonly name: string
  readonly weight: number
}

/**
 * Returns the name of the server for a new tenant: the one named, or of those that may be, the one that has fewest
 * tenants for its weight. A server of weight 0 gets only who names it.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — no server of the options is what was wished for.
 */
export async function placeTenant (tx: TransactionSql, config: TenancyConfig, wish: ServerWish): Promise<string> {
  const candidates = candidatesFor(config, wish)
  const [first, second] = candidates
  if (first === undefined) throw new OptionsInvalidError('- server: the option servers has none with this name or tag and a weight above 0.')
  if (second === undefined) return first.name
  const rows = await tx.unsafe(`select server, count(*)::int as tenants from ${TENANTS_TABLE} where status <> 'deleted' group by server`)
  const tenants = new Map(rows.map((row) => [String(row['server']), Number(row['tenants'])]))
  const load = ({ name, weight }: Candidate): number => (tenants.get(name) ?? 0) / weight
  return candidates.reduce((best, next) => load(next) < load(best) ? next : best).name
}

/** Tells whether a tenant of this server is where it is wished for. */
export function isWhereWished ({ servers }: TenancyConfig, server: string, wish: ServerWish): boolean {
  if (wish === undefined || typeof wish === 'string') return wish === undefined || wish === server
  return servers[server]?.tags.includes(wish.tag) === true
}

function candidatesFor ({ servers, weight }: TenancyConfig, wish: ServerWish): readonly Candidate[] {
  const all = [{ name: DEFAULT_SERVER, weight, tags: [] }, ...Object.entries(servers).map(([name, server]) => ({ name, ...server }))]
  if (typeof wish === 'string') return all.filter(({ name }) => name === wish)
  const weighted = all.filter((server) => server.weight > 0)
  return wish === undefined ? weighted : weighted.filter(({ tags }) => tags.some((tag) => tag === wish.tag))
}

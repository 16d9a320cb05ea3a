import { randomBytes } from 'node:crypto'
import { createTenancy } from 'zakops-tenancy'
import { quiet } from '../clients/quiet.ts'
import { DEALS, tenantsOf } from '../database/names.ts'
import { type BenchmarkDatabase, openBeside, withConnection } from '../database/open-database.ts'
import { seed } from '../database/seed.ts'
import type { Timing } from './compare.ts'
import { type Spread, spreadOf } from './summary.ts'

export const SIGNED_TITLE = 'A signed context: the server\'s time for one statement, rls'

/** How many statements a run has; the time of one is too short for a clock. */
const STATEMENTS = 10_000

/** Microseconds of the server for one statement. */
export interface SignedCost {
  readonly unsigned: Spread
  readonly signed: Spread
  /** Of each pair, never of two medians. */
  readonly difference: Spread
}

/**
 * Measures what a policy costs that checks a signature, beside the same policy that takes the id as it is: the same statement on
 * the same rows, over and over inside the server, so that neither Node.js nor the network is in it.
 */
export async function measureSigned (database: BenchmarkDatabase, { rounds }: Timing, migrations: string, ending: AbortSignal): Promise<SignedCost> {
  const signed = await openBeside(database, '_signed', { keys: { bench: randomBytes(32).toString('hex') }, current: 'bench' })
  await seed(signed, { rls: 1, schema: 0, 'schema+rls': 0 }, migrations, ending)
  const runs = await Promise.all([database, signed].map(async (one) => await opened(one)))
  const [first, second] = runs
  if (first === undefined || second === undefined) throw new Error('There are two databases.')
  try {
    const pairs: Array<readonly [unsigned: number, signed: number]> = []
    for (let round = 0; round < rounds + 1 && !ending.aborted; round++) {
      const pair = [await first.run(), await second.run()] as const
      // The first one is for caches.
      if (round > 0) pairs.push(pair)
    }
    return {
      unsigned: spreadOf(pairs.map(([unsigned]) => unsigned)),
      signed: spreadOf(pairs.map(([, signed]) => signed)),
      difference: spreadOf(pairs.map(([unsigned, signed]) => signed - unsigned))
    }
  } finally {
    await Promise.all(runs.map(({ close }) => close()))
  }
}

interface Runner {
  /** Returns the microseconds of one statement. */
  readonly run: () => Promise<number>
  readonly close: () => Promise<void>
}

/** What this package sends for the tenant is what the server is given. */
async function opened ({ app, signing }: BenchmarkDatabase): Promise<Runner> {
  const tenancy = await createTenancy({ mode: 'multi', database: app, log: quiet, ...(signing === undefined ? {} : { signing }) })
  const [tenant = ''] = tenantsOf('rls', 1)
  return {
    run: async () => {
      const [row] = await tenancy.runWithTenant(tenant, async () => await tenancy.sql`select current_setting('app.tenant_id') as value`)
      return await timeOf(app, String(row?.['value']))
    },
    close: () => tenancy.close()
  }
}

async function timeOf (url: string, value: string): Promise<number> {
  return await withConnection(url, async (sql) => await sql.begin(async (tx) => {
    await tx`select set_config('search_path', 'shared, pg_temp', true), set_config('app.tenant_id', ${value}, true)`
    await tx.unsafe(LOOP)
    const [row] = await tx`select current_setting('bench.microseconds')::float8 as time, current_setting('bench.found')::int as found`
    if (row?.['found'] !== STATEMENTS) throw new Error('Wrong answer: a statement did not find its row.')
    return Number(row['time'])
  }))
}

/** The first statements are planned, and do not count. */
const LOOP = `do $$
  declare
    begun timestamptz;
    deal text;
    found_rows int := 0;
  begin
    for i in 1..${STATEMENTS + 1_000} loop
      if i = 1001 then begun := clock_timestamp(); found_rows := 0; end if;
      select title into deal from deals where id = 1 + i % ${DEALS};
      if found then found_rows := found_rows + 1; end if;
    end loop;
    perform set_config('bench.microseconds', (extract(epoch from clock_timestamp() - begun) * 1e6 / ${STATEMENTS})::text, true),
      set_config('bench.found', found_rows::text, true);
  end $$`

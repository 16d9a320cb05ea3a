import { type BenchmarkDatabase, openBeside } from '../database/open-database.ts'
import { seed } from '../database/seed.ts'
import { CALLERS, counted } from '../rows.ts'
import { Child } from '../workers/child.ts'
import { measureSchema, readySchema } from '../workers/messages.ts'
import { type Contender, type Timing, compare, warmUp } from './compare.ts'
import { type Row, summarise } from './summary.ts'

export const REGISTERED_TITLE = 'The same tenants, few and many registered'

/** How many tenants work, and how many are registered beside them in the large registry. */
export interface Registered {
  readonly active: number
  readonly registered: number
}

/** Returns the names of the two lines. */
export function registeredLabels ({ active, registered }: Registered): { readonly base: string, readonly own: string } {
  const label = (count: number): string => `zakops-tenancy, rls, ${active} of ${counted(count)}`
  return { base: label(active), own: label(registered) }
}

/** Measures the same tenants in a database that has no others, and in the one where many are registered: rows and registry are the only difference. */
export async function measureRegistered (request: Registered, database: BenchmarkDatabase, timing: Timing, migrations: string, ending: AbortSignal): Promise<readonly Row[]> {
  const few = await openBeside(database, '_second')
  await seed(few, { rls: request.active, schema: 0, 'schema+rls': 0 }, migrations, ending)
  const { base, own } = registeredLabels(request)
  const children: Child[] = []
  try {
    const open = async (label: string, url: string): Promise<Contender> => {
      const child = new Child('client')
      children.push(child)
      await child.ask(readySchema, { ask: 'open', clients: [{ way: 'zakops-tenancy', isolation: 'rls', tenants: request.active, url }] })
      const run = (milliseconds: number): ReturnType<Contender['run']> => child.ask(measureSchema, { ask: 'run', client: 0, work: 'statement', callers: CALLERS, milliseconds })
      return { label, strangers: request.active, warmUp: run, run }
    }
    const [first, second] = [await open(base, few.app), await open(own, database.app)]
    for (const contender of [first, second]) await warmUp(contender, timing.warmUp)
    const pairs = await compare(first, [second], timing)
    return [...pairs].map(([label, found]) => ({ label, figures: summarise(found) }))
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}

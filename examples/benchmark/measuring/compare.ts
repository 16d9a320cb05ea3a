import type { Measure } from '../workers/messages.ts'

/** Somebody who can be let run for a while. */
export interface Contender {
  readonly label: string
  /** Works for a while without being measured, so that what is measured is compiled, and prepared on the server. */
  warmUp (milliseconds: number): Promise<unknown>
  run (milliseconds: number): Promise<Measure>
}

/** Two runs, one right after the other: how fast the machine is at that moment is the same for both. */
export interface Pair {
  readonly base: Measure
  readonly own: Measure
}

/** How long and how often. */
export interface Timing {
  readonly rounds: number
  readonly milliseconds: number
  /** What a contender gets before anything counts, and more for every tenant that has to be met. */
  readonly warmUp: number
  readonly warmUpPerTenant: number
}

/** Lets each contender run once right after the base in every round, and returns the pairs of each. */
export async function compare (base: Contender, contenders: readonly Contender[], { rounds, milliseconds }: Timing): Promise<Map<string, readonly Pair[]>> {
  const pairs = new Map<string, Pair[]>(contenders.map(({ label }) => [label, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      pairs.get(contender.label)?.push({ base: await base.run(milliseconds), own: await contender.run(milliseconds) })
    }
  }
  return pairs
}

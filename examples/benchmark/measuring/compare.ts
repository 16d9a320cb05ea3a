import type { Measure } from '../workers/messages.ts'

/** Somebody who can be let run for a while. */
export interface Contender {
  readonly label: string
  /** How many tenants or tokens it has to have seen before it is warm: each schema has to be planned, and each token verified once. */
  readonly strangers: number
  /** Works for a while before anything counts. */
  warmUp (milliseconds: number): Promise<Measure>
  run (milliseconds: number): Promise<Measure>
}

/** Two runs, one right behind the other: how fast the machine is at that moment is the same for both. */
export interface Pair {
  readonly base: Measure
  readonly own: Measure
}

/** How long and how often. */
export interface Timing {
  readonly rounds: number
  readonly milliseconds: number
  /** How long a contender works between two looks at whether it still gets faster, and how long at the most. */
  readonly warmUp: { readonly slice: number, readonly longest: number }
}

/** So much faster than ever before is still getting faster; what is below that is the machine. */
const FASTER = 1.05

/** So many slices in a row without getting faster are the end. */
const STEADY = 2

/**
 * A statement is planned five times before the server keeps its plan, so that a thousand schemas get faster very slowly. Tenants are
 * drawn at random: with ten calls each on average, one in fifteen has had no more than five.
 */
const CALLS_PER_STRANGER = 15

/** Lets a contender work until it gets no faster: until it is compiled, and what it sends is planned on the server. */
export async function warmUp (contender: Contender, { slice, longest }: Timing['warmUp']): Promise<void> {
  const least = contender.strangers * CALLS_PER_STRANGER
  let best = 0
  for (let spent = 0, steady = 0, calls = 0; spent < longest && (steady < STEADY || calls < least); spent += slice) {
    const { count, milliseconds } = await contender.warmUp(slice)
    const rate = count / milliseconds
    calls += count
    steady = rate > best * FASTER ? 0 : steady + 1
    best = Math.max(best, rate)
  }
}

/**
 * Lets each contender run once in every round, right before or right after a run of the base, and returns the pairs of each, a
 * round after the other: A base B, C base; and in the next one B base A, base C, so that nobody is always the first.
 */
export async function compare (base: Contender, contenders: readonly Contender[], { rounds, milliseconds }: Timing): Promise<Map<string, readonly Pair[]>> {
  const pairs = new Map<string, Pair[]>(contenders.map(({ label }) => [label, []]))
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < contenders.length; at += 2) {
      const [one, other] = contenders.slice(at, at + 2)
      const [first, second] = round % 2 === 0 ? [one, other] : [other, one]
      const before = await first?.run(milliseconds)
      const measured = await base.run(milliseconds)
      const behind = await second?.run(milliseconds)
      if (first !== undefined && before !== undefined) pairs.get(first.label)?.push({ base: measured, own: before })
      if (second !== undefined && behind !== undefined) pairs.get(second.label)?.push({ base: measured, own: behind })
    }
  }
  return pairs
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'
import { codeOf, isDoubt, isOfFaults } from './operations/errors.ts'
import { DECK } from './operations/index.ts'
import { type Operation, Stage } from './operations/stage.ts'
import { type Random, deckOf } from './random.ts'
import { TENANTS } from './world/tenants.ts'
import type { SoakTenancy, World } from './world/world.ts'

const CALLERS_OF_EACH = 10
/** More than all deadlines of the longest operation together. */
const HUNG_MS = 20_000
/** Whoever is refused comes back a little later, as clients do. */
const BACK_OFF_MS = 20

/** Runs operations of random tenants until the signal says that it is enough, and returns when the last one has settled. */
export async function work (world: World, ledger: Ledger, random: Random, signal: AbortSignal): Promise<void> {
  const callers = world.tenancies.flatMap((place, at) => Array.from({ length: CALLERS_OF_EACH }, (_, caller) => ({ place, name: `${at}-${caller}` })))
  await Promise.all(callers.map(async ({ place, name }) => {
    const own = random.fork(name)
    const [nextOperation, nextTenant] = [deckOf(DECK, own), deckOf(TENANTS, own)]
    for (let number = 0; !signal.aborted; number++) await runOne(place, nextOperation(), nextTenant(), `${name}-${number}`, own, ledger)
  }))
}

async function runOne ({ tenancy }: SoakTenancy, operation: Operation, tenant: typeof TENANTS[number], id: string, random: Random, ledger: Ledger): Promise<void> {
  const others = TENANTS.filter((other) => other !== tenant)
  const stage = new Stage({ kind: operation.kind, tenancy, tenant, other: others[random.below(others.length)] ?? tenant, id, random, ledger })
  const run = tenancy.runWithTenant(tenant.id, () => operation.run(stage))
  const hung = new Promise<'hung'>((resolve) => { setTimeout(resolve, HUNG_MS, 'hung').unref() })
  const outcome = await Promise.race([run.then(() => 'as it has to', (error: unknown) => ({ error })), hung])
  if (typeof outcome === 'string') {
    ledger.count(operation.kind, outcome)
    if (outcome === 'hung') ledger.broken('nothing hangs', `${id}: ${operation.kind}`)
    return
  }
  note(operation, outcome.error, id, ledger)
  await sleep(BACK_OFF_MS)
}

function note ({ kind }: Operation, error: unknown, id: string, ledger: Ledger): void {
  ledger.count('errors', codeOf(error))

  if (isDoubt(error)) {
    ledger.count('lies', 'noticed by a caller')
    ledger.count('doubts', kind)
  }
  if (isOfFaults(error)) return ledger.count(kind, codeOf(error) === 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' ? 'unknown' : 'failed')
  ledger.count(kind, 'wrong')
  ledger.broken('a failure is one that the faults explain', `${id}: ${kind}: ${codeOf(error)}: ${error instanceof Error ? error.message : ''}`)
}

import type { Finding } from '../../../words/types.ts'
import type { Tried, TryStatement } from './session.ts'
import { RIGHTS, type Right, type Shape, tryRowsSql } from './shapes.ts'
import { type Attempt, attemptsOf, isOwn, rowsOf, twoIds } from './values.ts'

/** What can be wrong with the policies of a table. */
const FAULTS = {
  'policy-open-without-tenant': 'The policies let rows through while the tenant setting is never set, empty or blank: code without a tenant sees or changes what belongs to others (R-13).',
  'policy-open-to-others': 'The policies show, change or delete rows of another tenant than the one that is set.',
  'policy-writes-others': 'The policies let a tenant write rows with the id of another, or move its own rows there (R-08).',
  'policy-fails-without-tenant': 'The policies fail while there is no tenant, instead of showing nothing: after one request a pooled connection fails for everybody who has none (R-12).',
  'policy-untried': 'The policies could not be tried: nothing is known of what they let through.'
} as const

type FaultName = keyof typeof FAULTS

const HOLES: ReadonlySet<FaultName> = new Set<FaultName>(['policy-open-without-tenant', 'policy-open-to-others', 'policy-writes-others'])

const READS: ReadonlySet<Right> = new Set<Right>(['reads', 'deletes', 'updates'])

/**
 * Asks the policies of each shape of table about rows that are made up, as the application's role, with the tenant setting
 * never set, empty, blank, like a pattern and as one tenant's and another's. So a table without rows is judged too, and
 * a policy by what it does, whatever it calls.
 *
 * `isTried` picks the values that are tried; default: all.
 */
export async function tryPolicies (attempt: TryStatement, shapes: readonly Shape[], known: readonly string[], isTried: (tried: Attempt) => boolean = () => true): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const kind of new Set(shapes.map((shape) => shape.kind))) {
    const alike = shapes.filter((shape) => shape.kind === kind)
    const ids = twoIds(kind, known)
    const judged = alike.map((): Judged => ({ faults: new Set(), answers: 0 }))
    for (const value of attemptsOf(ids).filter(isTried)) await judge(attempt, value, alike.map((shape) => tryRowsSql(shape, rowsOf(kind, ids))), judged)
    findings.push(...alike.flatMap((shape, at) => findingsOf(shape, faultsOf(judged[at]))))
  }
  return findings
}

/** What is known of a shape so far. */
interface Judged {
  readonly faults: Set<FaultName>
  /** How often the server did not refuse. */
  answers: number
}

/** Tries a value on all shapes in one statement; where one of them fails, on each by itself. */
async function judge (attempt: TryStatement, value: Attempt, texts: readonly string[], judged: readonly Judged[]): Promise<void> {
  const together = await attempt(value.setting, texts.map((text, at) => `select ${at} as at, q.* from (${text}) q`).join(' union all '))
  for (const [at, text] of texts.entries()) {
    const tried = 'rows' in together ? { rows: together.rows.filter((row) => row['at'] === at) } : await attempt(value.setting, text)
    const known = judged[at]
    if (known !== undefined) noteAnswer(known, value, tried)
  }
}

function noteAnswer (known: Judged, { setting, isNobody }: Attempt, tried: Tried): void {
  if ('refusal' in tried) {
    // A blank is no uuid, and nothing is set to it; but nobody is what every connection begins as.
    if (isNobody && setting !== ' ') known.faults.add('policy-fails-without-tenant')
    return
  }
  known.answers++
  for (const row of tried.rows) for (const fault of faultsOfRow(row, setting, isNobody)) known.faults.add(fault)
}

/** What fails whatever is asked hides what it would do. */
function faultsOf (judged: Judged | undefined): ReadonlySet<FaultName> {
  return judged === undefined || judged.answers === 0 ? new Set<FaultName>(['policy-untried']) : judged.faults
}

function faultsOfRow (row: Record<string, unknown>, setting: string | undefined, isNobody: boolean): readonly FaultName[] {
  const owner = typeof row['owner'] === 'string' ? row['owner'] : null
  const passed = RIGHTS.filter((right) => row[right] === true)
  if (passed.length === 0 || isOwn(setting, owner)) return []
  if (isNobody) return ['policy-open-without-tenant']
  return [passed.some((right) => READS.has(right)) ? 'policy-open-to-others' : 'policy-writes-others']
}

function findingsOf ({ tables, isShared }: Shape, faults: ReadonlySet<FaultName>): readonly Finding[] {
  return [...faults].flatMap((check) => tables.map(({ name, repair }): Finding => ({
    check, severity: isShared && HOLES.has(check) ? 'fatal' : 'warning', object: name, message: FAULTS[check], repair
  })))
}

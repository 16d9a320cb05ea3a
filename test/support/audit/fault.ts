import type { Finding, FindingSeverity } from '../../../lib/words/types.ts'
import type { AuditNames, AuditScene } from './scene.ts'

/** A fault that is planted, and what the audit has to say of it. */
export interface Fault {
  /** SQL of the superuser. */
  readonly plant: (names: AuditNames) => string
  /** Exactly what is found: the check, how bad it is, and where. */
  readonly finds: ReadonlyArray<readonly [check: string, severity: FindingSeverity, object: string | RegExp]>
  /** Who runs the SQL that the findings print: the owner, unless only a superuser may. */
  readonly as?: 'admin' | 'owner'
  /** What is done instead, where no SQL is printed. */
  readonly repair?: (names: AuditNames) => string
  /** What is left over after the repair, and is no fault. */
  readonly tidy?: (names: AuditNames) => string
}

/** What these tests need of tap. */
interface Checks {
  same (found: unknown, wanted: unknown, message: string): unknown
  match (found: unknown, wanted: unknown, message: string): unknown
}

/**
 * Plants a fault, expects exactly its findings, and repairs it with the SQL that they print. Whether the audit is silent then
 * is seen before something is tidied up, and otherwise by the next fault, beside which nothing may be found.
 */
export async function plantAndRepair (t: Checks, scene: AuditScene, { plant, finds, as = 'owner', repair, tidy }: Fault): Promise<void> {
  const { names, admin, findings } = scene
  await admin.unsafe(plant(names))
  const found = await findings()
  const wanted = finds.map(([check, severity, object]) => ({ check, severity, object: typeof object === 'string' ? fill(object, names) : object, message: /\w/, repair: /\w/ }))
  t.match(found, wanted, 'it is found')
  t.same(found.map(({ check }) => check), finds.map(([check]) => check), 'that and nothing else')
  if (repair === undefined) for (const finding of found) await run(scene, as, finding)
  else await admin.unsafe(repair(names))
  if (tidy === undefined) return
  t.same(await findings(), [], 'silent after the repair')
  await admin.unsafe(tidy(names))
}

/** A repair may be several findings' own. */
async function run ({ admin, owner, names }: AuditScene, as: 'admin' | 'owner', { repair }: Finding): Promise<void> {
  const text = repair.replace('<the owner role>', names.owner)
  // Statements that no transaction may hold come one by one.
  for (const statement of /alter system/.test(text) ? text.split(';') : [text]) await (as === 'admin' ? admin : owner).unsafe(statement)
}

function fill (text: string, names: AuditNames): string {
  return text.replaceAll('{app}', names.app).replaceAll('{owner}', names.owner).replaceAll('{database}', names.database)
}

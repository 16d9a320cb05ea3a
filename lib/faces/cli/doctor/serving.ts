import { randomBytes } from 'node:crypto'
import { LinkKeeper } from '../../../data/channels/index.ts'
import { withShortClient } from '../../../data/owner/index.ts'
import { openDriver, probeServer } from '../../../data/wire/index.ts'
import { runAudit } from '../../../operations/audit/index.ts'
import { type DatabaseOption, databaseAt } from '../../../settings/config/index.ts'
import { inCommands } from '../wording.ts'
import { type Checkup, type Patient, type Verdict, look } from './checkup.ts'

const HEARD_WITHIN_MS = 2_000

/** Looks at a server as a process that serves requests sees it: the rights of its role, a pooler in between, and LISTEN. */
export async function checkServing (patient: Patient): Promise<readonly Checkup[]> {
  const { config, place } = patient
  const database = databaseAt(config, 'database', place) ?? config.database
  const audit = await checkAudit(patient, database)
  let isPooled = false
  const pooler = await look(patient, 'pooler', async () => {
    ({ isPooled } = await probeServer(openDriver(database, config.timeouts.connect)))
    return isPooled ? { state: 'warning', detail: 'one answers: nothing is prepared by name, and nobody can listen' } : { state: 'ok', detail: 'none, the server itself answers' }
  })
  const listen = await look(patient, 'listen', async () => isPooled
    ? { state: 'warning', detail: `behind a pooler a suspension is felt after registryCacheMs, ${config.registryCacheMs} ms` }
    : await hears(patient, database))
  return [...audit, pooler, listen]
}

/** One line for each finding, or one that there is none. */
async function checkAudit (patient: Patient, database: DatabaseOption): Promise<readonly Checkup[]> {
  const { config, place: { server } } = patient
  const lines: Checkup[] = []
  const whole = await look(patient, 'audit', async () => {
    const findings = await withShortClient(database, shortOptions(patient), async (sql) => await runAudit(async (text) => await sql.unsafe(text), { sharedSchema: config.sharedSchema, isSigning: config.signing !== undefined, isLocked: config.locked }))
    for (const { check, severity, object, message, repair } of findings) {
      lines.push({ server, check: `audit: ${check}`, state: severity === 'fatal' ? 'failed' : 'warning', detail: `${object}: ${inCommands(`${message} ${repair}`)}` })
    }
    return { state: 'ok', detail: 'the application\'s role can see past nothing' }
  })
  return lines.length > 0 ? lines : [whole]
}

/** Listens as a process that serves does, and notifies from another connection. */
async function hears (patient: Patient, database: DatabaseOption): Promise<Verdict> {
  const channel = `zakops_doctor_${randomBytes(8).toString('hex')}`
  let tell = (_heard: boolean): void => {}
  const heard = new Promise<boolean>((resolve) => { tell = resolve })
  const keeper = new LinkKeeper({
    driver: openDriver(database, patient.config.timeouts.connect),
    timeoutMs: patient.config.timeouts.connect,
    log: SILENT,
    heard: () => tell(true),
    relisten: (link) => link.listen(channel)
  })
  try {
    await keeper.connected()
    const since = performance.now()
    const timer = setTimeout(() => tell(false), HEARD_WITHIN_MS)
    await withShortClient(database, shortOptions(patient), (sql) => sql`select pg_catalog.pg_notify(${channel}, '')`)
    const isHeard = await heard
    clearTimeout(timer)
    return isHeard ? { state: 'ok', detail: `a notice is heard after ${Math.ceil(performance.now() - since)} ms` } : { state: 'failed', detail: `a notice is not heard within ${HEARD_WITHIN_MS} ms` }
  } finally {
    await keeper.letGo()
  }
}

const SILENT = { info () {}, warn () {}, error () {} }

function shortOptions ({ config }: Patient): Parameters<typeof withShortClient>[1] {
  return { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy doctor' }
}

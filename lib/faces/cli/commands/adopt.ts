import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { AdoptionPlanError } from '../../../words/errors/index.ts'
import { ADOPTION_TARGETS, type AdoptionPlan, type AdoptionReport, parsePlan } from '../../../operations/adoption/index.ts'
import { type Adoption, createAdoption } from '../../tenancy/index.ts'
import type { CommandContext, CommandSpec } from '../command.ts'
import { writeNew } from '../files.ts'
import type { Outcome } from '../output.ts'
import { tenantId, text } from '../readers.ts'
import { ACTOR } from '../tenants.ts'
import { given } from '../values.ts'

const PLAN_FILE = 'zakops-tenancy.adopt.json'

/** What each step does. */
const STAGES: Readonly<Record<string, (adoption: Adoption, context: CommandContext) => Promise<Outcome>>> = {
  plan: async (adoption, context) => context.values.flag('check') ? await check(adoption, context) : await propose(adoption, context),
  rehearse: async (adoption, context) => {
    const report = await adoption.rehearse(await readPlan(context), { ...options(context), ...given('on', context.values.text('on')) })
    return {
      json: report,
      lines: [`copied in ${report.copyMs} ms`, ...report.shadow.differences, ...report.shadow.warnings],
      rows: report.steps.map(({ step, tookMs, longestMs, locks }) => ({ step, ms: tookMs, locks: locks.length, longest: longestMs })),
      isFailed: report.shadow.differences.length > 0
    }
  },
  observe: async (adoption, context) => {
    const code = context.values.text('code')
    const report = await adoption.observe(await readPlan(context), code === undefined ? undefined : resolve(context.io.cwd, code))
    const { statements } = report
    return {
      json: report,
      lines: [
        `${report.code.length} places in the code, ${statements === null ? 'and nobody knows how many statements: pg_stat_statements is not there' : `${statements.length} in statements that were sent`}`,
        ...(statements ?? []).map(({ calls, found, statement }) => `sent ${calls} times: ${found} in ${statement}`)
      ],
      rows: report.code.map(({ file, line, kind, found, advice }) => ({ place: `${file}:${line}`, kind, found, advice }))
    }
  },
  stamp: async (adoption, context) => outcomeOf(await adoption.stamp(await readPlan(context), options(context)), 'run "adopt shadow" next'),
  shadow: async (adoption, context) => {
    const report = await adoption.shadow(await schemaOf(context), options(context))
    return {
      json: report,
      lines: [...report.differences, ...report.warnings, report.differences.length === 0 ? 'the tenant sees all of it: run "adopt enforce" next' : 'nothing is enforced before this is repaired'],
      rows: report.counts.map((count) => ({ ...count })),
      isFailed: report.differences.length > 0
    }
  },
  enforce: async (adoption, context) => outcomeOf(await adoption.enforce(await schemaOf(context), options(context)), 'serve it with the plugin; when nothing is logged in as before ("adopt status"), run "adopt finish"'),
  undo: async (adoption, context) => outcomeOf(await adoption.undo(await schemaOf(context), options(context)), 'everything is as it was'),
  finish: async (adoption, context) => {
    const schema = await schemaOf(context)
    const found = (await adoption.status()).find((adopted) => adopted.schema === schema)
    await context.confirm(found?.tenant ?? '', 'Processes that log in as before will be refused, and nothing can be undone any more.')
    return outcomeOf(await adoption.finish(schema, options(context)), 'every statement comes through the plugin now')
  },
  status: async (adoption) => {
    const found = await adoption.status()
    return { json: found, lines: found.length === 0 ? ['nothing is being adopted'] : [], rows: found.map(({ oldSessions, ...rest }) => ({ ...rest, 'old sessions': oldSessions.reduce((sum, { sessions }) => sum + sessions, 0) })) }
  }
}

export const adopt: CommandSpec = {
  name: 'adopt',
  description: 'Take a live service of one organisation to tenants: plan, rehearse, observe, stamp, shadow, enforce, finish. Each step can be run again, and undone until "finish".',
  arguments: [{ usage: '<step>', description: Object.keys(STAGES).join(', '), read: stage }],
  options: [
    { flags: '--plan <file>', description: `the plan (default: ${PLAN_FILE})`, read: text },
    { flags: '--schema <name>', description: 'the schema that holds the tables of the service (default: that of the plan, or public)', read: text },
    { flags: '--tenant <id>', description: 'plan: the id that its one tenant gets (default: the option tenantId)', read: tenantId },
    { flags: '--isolation <strategy>', description: 'plan: how its rows are to be kept apart', choices: ADOPTION_TARGETS },
    { flags: '--check', description: 'plan: hold the file against the database, and fail if it does not fit' },
    { flags: '--code <folder>', description: 'observe: the code of the service', read: text },
    { flags: '--on <url>', description: 'rehearse: a copy that is there already, as its administrator', read: text },
    ACTOR
  ],
  isDestructive: true,
  run: async (context) => {
    const perform = STAGES[context.values.required('step')]
    if (perform === undefined) throw new Error('the step was not checked')
    return await perform(createAdoption(await context.config()), context)
  }
}

function stage (written: string): string {
  if (!Object.hasOwn(STAGES, written)) throw new InvalidArgumentError(`It must be one of ${Object.keys(STAGES).join(', ')}.`)
  return written
}

async function propose (adoption: Adoption, context: CommandContext): Promise<Outcome> {
  const { io, values, config } = context
  const file = values.text('plan') ?? PLAN_FILE
  const target = ADOPTION_TARGETS.find((name) => name === values.isolation)
  const plan = await adoption.plan({ schema: values.text('schema') ?? 'public', tenant: values.text('tenant') ?? (await config()).tenantId, ...given('target', target) })
  await writeNew(io, file, `${JSON.stringify(plan, null, 2)}\n`)
  return {
    json: plan,
    lines: [`${file} is a proposal: review it, correct each "class", set "accepted" where somebody has looked, and commit it; "adopt plan --check" holds it against the database`],
    rows: [
      ...plan.tables.map(({ name, class: kind, confidence, reasons }) => ({ name, is: kind, confidence, because: reasons.join('; ') })),
      ...plan.care.map(({ kind, name, reason }) => ({ name, is: kind, confidence: '', because: reason }))
    ]
  }
}

async function check (adoption: Adoption, context: CommandContext): Promise<Outcome> {
  const problems = await adoption.check(await readPlan(context))
  return { json: { problems }, lines: problems.length === 0 ? ['the plan fits the database'] : problems, isFailed: problems.length > 0 }
}

async function readPlan ({ io, values }: CommandContext): Promise<AdoptionPlan> {
  const path = resolve(io.cwd, values.text('plan') ?? PLAN_FILE)
  const written = await readFile(path, 'utf8').catch((cause: unknown) => { throw new AdoptionPlanError('- the file cannot be read: say which with --plan.', { cause }) })
  try {
    return parsePlan(JSON.parse(written))
  } catch (cause) {
    throw cause instanceof SyntaxError ? new AdoptionPlanError('- the file is not JSON.', { cause }) : cause
  }
}

/** Where the plan is not at hand, its schema says enough: what is done is what was written down when it began. */
async function schemaOf (context: CommandContext): Promise<string> {
  return context.values.text('schema') ?? (await readPlan(context)).schema
}

function options ({ values, progress }: CommandContext): NonNullable<Parameters<Adoption['stamp']>[1]> {
  return { ...given('actor', values.text('actor')), onProgress: ({ step, name = '' }) => progress.show({ done: 0, total: 0, what: `${step} ${name}` }) }
}

function outcomeOf (report: AdoptionReport, next: string): Outcome {
  const { schema, stage: reached, locks, longestMs, tookMs } = report
  return {
    json: report,
    lines: [`${schema}: ${reached}, in ${tookMs} ms; nobody waited longer than ${longestMs} ms for a lock`, next],
    rows: locks.map(({ name, attempts, heldMs }) => ({ name, attempts, ms: heldMs }))
  }
}

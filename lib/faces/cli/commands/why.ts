import { adviceOn } from '../why/advice.ts'
import { findInLog, findInTable } from '../why/find.ts'
import { type Present, lookNow } from '../why/present.ts'
import type { Refusal } from '../why/refusal.ts'
import type { CommandContext, CommandSpec } from '../command.ts'
import { errorId, text } from '../readers.ts'

export const why: CommandSpec = {
  name: 'why',
  description: 'Tell why a request was refused, how its tenant is served now, and what to do next. The id is in the answer: errorId, or the header x-tenancy-error-id.',
  arguments: [{ usage: '<error-id>', description: 'the id', read: errorId }],
  options: [{ flags: '--log <file>', description: 'the log of the service, as JSON lines; "-" is standard input (default: the table of TENANT_REFUSALS=table)', read: text }],
  worksInSingleMode: true,
  run: async (context) => {
    const { io, values } = context
    const log = values.text('log')
    const id = values.required('error-id')
    const refusal = log === undefined ? await findInTable(await context.config(), id) : await findInLog(io, log, id)
    const { present, blind } = await look(context, refusal)
    const next = adviceOn(refusal, present)
    const now = present?.rows ?? { database: blind }
    return {
      json: { errorId: id, then: refusal, now, next },
      lines: [next],
      rows: [...rowsOf('then', thenRows(refusal)), ...rowsOf('now', now)]
    }
  }
}

/** The log says what it says also where the database cannot be asked. */
async function look ({ config, plainError }: CommandContext, refusal: Refusal): Promise<{ readonly present?: Present, readonly blind: string }> {
  const explain = (error: unknown): string => [plainError(error).message, ...plainError(error).because ?? []].join(' ')
  try {
    return { present: await lookNow(await config(), refusal.registry['id'] ?? refusal.claimed, explain), blind: '' }
  } catch (error) {
    return { blind: `not asked: ${explain(error)}` }
  }
}

function thenRows ({ at, route, reason, mode, claim, claimed, registry, path, role }: Refusal): Readonly<Record<string, string>> {
  const told = ['status', 'isolation', 'server', 'database', 'migration'].flatMap((name) => registry[name] === undefined ? [] : [`${name} ${registry[name]}`])
  return {
    at,
    route,
    reason,
    mode,
    claim: claimed === undefined ? `${claim}: nothing that could be trusted` : `${claim}: ${claimed}`,
    registry: told.length === 0 ? 'not known, or not asked' : told.join(', '),
    path: path ?? 'none, because there was no tenant',
    role
  }
}

function rowsOf (when: string, rows: Readonly<Record<string, string>>): ReadonlyArray<Readonly<Record<string, string>>> {
  return Object.entries(rows).map(([what, value]) => ({ when, what, value }))
}

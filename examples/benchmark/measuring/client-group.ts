import { BASE, CALLERS, type ClientGroup, type ClientRow, DELAY, beginOf } from '../rows.ts'
import { Child } from '../workers/child.ts'
import { measureSchema, portSchema, readySchema } from '../workers/messages.ts'
import { type Contender, type Pair, type Timing, compare, warmUp } from './compare.ts'
import { type Row, type Spread, summarise, timesOf } from './summary.ts'

const BASE_ROW: ClientRow = { label: BASE, client: { way: 'postgres.js', isolation: 'rls', tenants: 1 } }

/** Measures a group: starts its processes, lets them warm up, compares, ends them. */
export async function measureClientGroup (group: ClientGroup, url: string, timing: Timing): Promise<readonly Row[]> {
  const children: Child[] = []
  const start = (program: 'client' | 'proxy'): Child => {
    const child = new Child(program)
    children.push(child)
    return child
  }
  try {
    const database = group.isDelayed ? await delayedUrl(start('proxy'), url) : url
    const rows = [BASE_ROW, ...group.rows]
    const [base, ...contenders] = await openContenders(group, rows, database, () => start('client'))
    if (base === undefined) return []
    for (const contender of [base, ...contenders]) await warmUp(contender, timing.warmUp)
    const pairs = await compare(base, contenders, timing)
    return [...pairs].map(([label, own]) => ({ label, figures: summarise(own), timesBegin: timesBegin(label, own, pairs) }))
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}

function timesBegin (label: string, own: readonly Pair[], pairs: ReadonlyMap<string, readonly Pair[]>): Spread | undefined {
  const begin = pairs.get(beginOf(label, [...pairs.keys()]) ?? '')
  return begin === undefined ? undefined : timesOf(own, begin)
}

async function openContenders (group: ClientGroup, rows: readonly ClientRow[], url: string, start: () => Child): Promise<readonly Contender[]> {
  if (!group.isOneProcess) return await Promise.all(rows.map(async (row) => await openOne(group, row, url, start())))
  const child = start()
  await child.ask(readySchema, { ask: 'open', clients: rows.map(({ client }) => ({ ...client, url })) })
  return rows.map((row, i) => contenderOf(group, row, child, i))
}

async function openOne (group: ClientGroup, { label, client }: ClientRow, url: string, child: Child): Promise<Contender> {
  await child.ask(readySchema, { ask: 'open', clients: [{ ...client, url }] })
  return contenderOf(group, { label, client }, child, 0)
}

function contenderOf ({ work, callers }: ClientGroup, { label, client: { tenants } }: ClientRow, child: Child, at: number): Contender {
  const ask = (milliseconds: number, by: number): ReturnType<Contender['run']> => child.ask(measureSchema, { ask: 'run', client: at, work, callers: by, milliseconds })
  // One caller on a slow network would take minutes to have everything compiled.
  return { label, strangers: tenants, warmUp: (milliseconds) => ask(milliseconds, CALLERS), run: (milliseconds) => ask(milliseconds, callers) }
}

async function delayedUrl (proxy: Child, url: string): Promise<string> {
  const delayed = new URL(url)
  const { port } = await proxy.ask(portSchema, { host: delayed.hostname, port: Number(delayed.port || 5432), delay: DELAY })
  return Object.assign(delayed, { hostname: '127.0.0.1', port: String(port) }).href
}

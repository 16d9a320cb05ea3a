import { counted } from '../rows.ts'
import { Child } from '../workers/child.ts'
import { USERS, type AppName, type Isolation, type Measure, cpuSchema, measureSchema, portSchema, readySchema } from '../workers/messages.ts'
import { type Contender, type Timing, compare, warmUp } from './compare.ts'
import { type Row, summarise } from './summary.ts'

export const APP_TITLE = 'Fastify: request, token, one statement'
export const APP_BASE = 'Fastify + postgres.js, jwtVerify'

const CONNECTIONS = 20

/** Two processes for each line on two cores: it takes more pairs to see what is the line's and what the machine's. */
const ROUNDS = 2

/** A Fastify application, and for whom the requests to it come. */
export interface AppRow {
  readonly label: string
  readonly app: AppName
  readonly isolation: Isolation
  readonly tenants: number
}

/** Returns the lines that are compared with the application that verifies tokens and knows no tenants. */
export function appRows (tenants: number): readonly AppRow[] {
  return [
    { label: 'Fastify + postgres.js, no token', app: 'no token', isolation: 'rls', tenants },
    { label: `zakops-tenancy, rls, ${counted(tenants)}`, app: 'zakops-tenancy', isolation: 'rls', tenants },
    { label: `zakops-tenancy, schema+rls, ${counted(tenants)}`, app: 'zakops-tenancy', isolation: 'schema+rls', tenants }
  ]
}

/** Measures whole requests: every application has a process, and so has whoever sends the requests to it. */
export async function measureApps (rows: readonly AppRow[], url: string, timing: Timing): Promise<readonly Row[]> {
  const children: Child[] = []
  const start = (program: 'app' | 'load'): Child => {
    const child = new Child(program)
    children.push(child)
    return child
  }
  try {
    const all: readonly AppRow[] = [{ label: APP_BASE, app: 'jwtVerify', isolation: 'rls', tenants: rows[0]?.tenants ?? 1 }, ...rows]
    const [base, ...contenders] = await Promise.all(all.map((row) => openApp(row, url, start('app'), start('load'))))
    if (base === undefined) return []
    for (const contender of [base, ...contenders]) await warmUp(contender, timing.warmUp)
    const pairs = await compare(base, contenders, { ...timing, rounds: timing.rounds * ROUNDS })
    return [...pairs].map(([label, own]) => ({ label, figures: summarise(own) }))
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}

async function openApp ({ label, app, isolation, tenants }: AppRow, url: string, server: Child, load: Child): Promise<Contender> {
  const secret = 'the secret of the benchmark, for this run and this machine only'
  const { port } = await server.ask(portSchema, { ask: 'open', app, url, secret })
  await load.ask(readySchema, { ask: 'open', port, secret, isolation, tenants, isTenancy: app === 'zakops-tenancy' })
  const ask = (milliseconds: number): Promise<Measure> => load.ask(measureSchema, { ask: 'run', connections: CONNECTIONS, milliseconds })
  return {
    label,
    strangers: tenants * USERS,
    warmUp: ask,
    async run (milliseconds) {
      const before = await server.ask(cpuSchema, { ask: 'cpu' })
      const measure = await ask(milliseconds)
      const after = await server.ask(cpuSchema, { ask: 'cpu' })
      return { ...measure, cpu: after.cpu - before.cpu }
    }
  }
}

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { startDatabase } from '../../lib/faces/testing/index.ts'

interface TestScope {
  teardown (fn: () => unknown): void
}

/** A PostgreSQL that one test has to itself, so that it may change how one logs in. */
export interface OwnServer {
  readonly port: number
  /** The superuser's URL, whatever the other log-ins need. */
  readonly url: string
  /** Puts these lines in front of pg_hba.conf. */
  readonly allow: (lines: readonly string[]) => Promise<void>
  /** Switches TLS on, with the certificate of the tests. */
  readonly switchTlsOn: () => Promise<void>
}

/** Returns a file of the certificate of the tests. */
export function certificateFile (name: 'server.crt' | 'server.key'): string {
  return readFileSync(new URL(`./tls/${name}`, import.meta.url), 'utf8')
}

/** Starts the server, and stops it when `t` ends. */
export async function ownServer (t: TestScope): Promise<OwnServer> {
  const { url, stop } = await startDatabase()
  t.teardown(stop)
  const asAdmin = async (...statements: readonly string[]): Promise<void> => {
    const admin = postgres(url, { max: 1, onnotice: () => {} })
    for (const statement of [...statements, 'select pg_reload_conf()']) await admin.unsafe(statement)
    await admin.end()
    await sleep(300)
  }
  // By the server's own hand, so that the files are the server's.
  const write = (name: string, text: string): string => `copy (select '${Buffer.from(text).toString('base64')}') to program 'umask 077; base64 -d > ${name}'`
  return {
    url,
    port: Number(new URL(url).port),
    allow: async (lines) => await asAdmin(write('pg_hba.conf', [...lines, 'host all all all scram-sha-256', ''].join('\n'))),
    switchTlsOn: async () => await asAdmin(write('server.crt', certificateFile('server.crt')), write('server.key', certificateFile('server.key')), 'alter system set ssl = on')
  }
}

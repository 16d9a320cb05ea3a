import { once } from 'node:events'
import { type Socket, createConnection, createServer } from 'node:net'
import type { Arsenal } from './arsenal.ts'
import { Link } from './link.ts'

/** A server between the tenancies and PostgreSQL that breaks connections, and lies. */
export interface SoakProxy {
  readonly port: number
  readonly links: ReadonlySet<Link>
  end (): void
}

/** Starts a proxy in front of a port of this machine. */
export async function startProxy (port: number, arsenal: Arsenal, ids: readonly string[]): Promise<SoakProxy> {
  const links = new Set<Link>()
  const server = createServer((client: Socket) => {
    const link = new Link(client, createConnection({ host: '127.0.0.1', port }), arsenal, ids)
    links.add(link)
    client.on('close', () => links.delete(link))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    links,
    end () {
      for (const link of links) link.destroy()
      server.close()
    }
  }
}

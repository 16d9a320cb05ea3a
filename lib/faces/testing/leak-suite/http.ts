import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { inflateSync, gunzipSync, brotliDecompressSync } from 'node:zlib'

/** A request as the suite sends it. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** What came back. */
export interface Answer {
  /** 0 if there was none. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const DEADLINE_MS = 10_000

/** A client with real sockets, which it keeps and uses again for whoever calls next. */
export class HttpClient {
  readonly #port: number
  readonly #agent: Agent

  constructor (port: number, sockets: number) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets })
  }

  /** Sends a request and returns its answer; one that never comes has the status 0. With `abortAfterMs` the caller hangs up then. */
  send (call: Call, abortAfterMs?: number): Promise<Answer> {
    const text = call.body === undefined ? undefined : JSON.stringify(call.body)
    const headers = { ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }), ...call.headers }
    return new Promise((resolve) => {
      const none = (): void => resolve({ status: 0, headers: {}, body: '' })
      const sent = request({ host: '127.0.0.1', port: this.#port, method: call.method, path: call.path, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', none)
        response.on('close', () => {
          clearTimeout(timer)
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: decoded(Buffer.concat(chunks), response.headers['content-encoding']) })
        })
      })
      const timer = setTimeout(() => sent.destroy(), abortAfterMs ?? DEADLINE_MS)
      sent.on('error', () => {
        clearTimeout(timer)
        none()
      })
      sent.end(text)
    })
  }

  close (): void {
    this.#agent.destroy()
  }
}

function decoded (bytes: Buffer, encoding: string | undefined): string {
  try {
    if (encoding === 'gzip') return gunzipSync(bytes).toString()
    if (encoding === 'br') return brotliDecompressSync(bytes).toString()
    if (encoding === 'deflate') return inflateSync(bytes).toString()
  } catch {
    // What cannot be unpacked is looked at as it came.
  }
  // One character for each byte would hide nothing of a file either, but marks are ASCII anyway.
  return bytes.toString()
}

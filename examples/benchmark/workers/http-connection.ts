import { once } from 'node:events'
import { type Socket, connect } from 'node:net'

const HEAD_END = '\r\n\r\n'
const LENGTH = /\r\ncontent-length: (\d+)/i

/**
 * A keep-alive connection that has one request on its way: HTTP/1.1, answers with a length.
 *
 * A complete HTTP client takes as much CPU as the server that it is to load, on a machine of two cores where PostgreSQL
 * wants the rest, and would hide differences between servers. This one writes a text and finds the end of the answer.
 */
export class HttpConnection {
  readonly #socket: Socket
  #received = ''
  #waiting: { beginning: string, resolve: () => void, reject: (error: Error) => void } | undefined

  static async open (port: number): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new HttpConnection(socket)
  }

  private constructor (socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#receive(text))
    socket.on('error', (error) => this.#waiting?.reject(error))
    socket.on('close', () => this.#waiting?.reject(new Error('The server closed the connection.')))
  }

  /** @throws {Error} if the answer is not 200, its body does not begin like this, or the connection is lost. */
  get (path: string, token: string, beginning: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { beginning, resolve, reject }
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}${HEAD_END}`, 'latin1')
    })
  }

  close (): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #receive (text: string): void {
    this.#received += text
    const answer = this.#received
    const body = answer.indexOf(HEAD_END) + HEAD_END.length
    if (body < HEAD_END.length) return
    const length = Number(LENGTH.exec(answer.slice(0, body))?.[1])
    if (answer.length < body + length) return
    this.#received = ''
    const waiting = this.#waiting
    const isRight = answer.startsWith('HTTP/1.1 200 ') && answer.length === body + length && answer.startsWith(waiting?.beginning ?? '', body)
    if (isRight) waiting?.resolve()
    else waiting?.reject(new Error(`Unexpected answer: ${answer}`))
  }
}

import { createConnection, createServer, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { DriverSocket } from '../../../../lib/data/wire/driver-socket.ts'

const ADDRESS = { host: 'server.example', port: 5432 }

/** A lane socket, the other end of its connection, and what was told in which order. */
async function connected (t: { teardown (fn: () => unknown): void }): Promise<{ readonly lane: DriverSocket, readonly peer: Socket, readonly told: string[] }> {
  const server = createServer()
  const peers: Socket[] = []
  const peer = new Promise<Socket>((resolve) => {
    server.on('connection', (socket) => {
      peers.push(socket)
      socket.on('error', () => {})
      resolve(socket)
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  const raw = createConnection(typeof address === 'object' ? address?.port ?? 0 : 0)
  await new Promise((resolve) => { raw.once('connect', resolve) })
  const { lane, told } = listened(Promise.resolve(raw))
  t.teardown(() => {
    raw.destroy()
    for (const socket of peers) socket.destroy()
    server.close()
  })
  await nextTurn()
  return { lane, peer: await peer, told }
}

function listened (connecting: Promise<Socket>): { readonly lane: DriverSocket, readonly told: string[] } {
  const told: string[] = []
  const lane = new DriverSocket(ADDRESS, connecting, (error) => { told.push(`end ${error?.message ?? 'quietly'}`) })
  lane.on('error', (error: Error) => { told.push(`error ${error.message}`) })
  lane.on('close', (hadError: boolean) => { told.push(`close ${hadError}`) })
  lane.on('data', (chunk: Buffer) => { told.push(`data ${chunk.toString()}`) })
  return { lane, told }
}

t.test('DriverSocket', async (t) => {
  t.test('has the address that the driver shows in its messages', async (t) => {
    const { lane } = listened(new Promise(() => {}))
    t.match(lane, ADDRESS)
    t.equal(lane.readyState, 'opening')
  })

  t.test('keeps what is written before the connection is there', async (t) => {
    let resolve: (socket: Socket) => void = () => {}
    const { lane } = listened(new Promise((_resolve) => { resolve = _resolve }))
    const { peer } = await connected(t)
    let written = 0
    t.ok(lane.write(Buffer.from('first '), () => { written++ }))
    t.ok(lane.write(Buffer.from('second')))
    lane.setKeepAlive(true, 1000)
    const address = peer.address()
    t.ok(address)
    const raw = createConnection(Number(Reflect.get(address, 'port')))
    t.teardown(() => raw.destroy())
    resolve(raw)
    await sleep(50)
    t.equal(written, 1)
    t.equal(raw.bytesWritten, 'first second'.length)
  })

  t.test('hands data on, both ways, and waits when it is told to', async (t) => {
    const { lane, peer, told } = await connected(t)
    const heard = new Promise<string>((resolve) => { peer.once('data', (chunk) => resolve(chunk.toString())) })
    await new Promise<void>((resolve) => { lane.write(Buffer.from('ask'), () => resolve()) })
    t.equal(await heard, 'ask')
    lane.pause()
    peer.write('answer')
    await sleep(30)
    t.same(told, [])
    lane.resume().setKeepAlive(true, 1000)
    await sleep(30)
    t.same(told, ['data answer'])
    t.equal(lane.readyState, 'open')
  })

  t.test('says when a full buffer has drained', async (t) => {
    const { lane, peer } = await connected(t)
    peer.resume()
    const drained = new Promise<void>((resolve) => { lane.once('drain', resolve) })
    while (lane.write(Buffer.alloc(1 << 20)));
    await drained
  })

  t.test('tells an error and the close behind it in one step, and its owner before (D-10)', async (t) => {
    const { lane, told } = await connected(t)
    lane.fail(new Error('lost'))
    t.same(told, ['end lost', 'error lost', 'close true'])
    lane.fail(new Error('again'))
    await sleep(20)
    t.equal(told.length, 3)
    t.equal(lane.readyState, 'closed')
  })

  t.test('tells of a reset connection, and ends nothing when nobody listens any more (D-09)', async (t) => {
    const { lane, peer, told } = await connected(t)
    lane.removeAllListeners()
    peer.resetAndDestroy()
    await sleep(30)
    t.match(told, [/^end read ECONNRESET/])
  })

  t.test('tells of a close', async (t) => {
    const { peer, told } = await connected(t)
    peer.destroy()
    await sleep(30)
    t.same(told, ['end quietly', 'close false'])
  })

  t.test('is destroyed one turn later, never inside the call', async (t) => {
    const { lane, told } = await connected(t)
    lane.destroy()
    t.same(told, [])
    await sleep(20)
    t.same(told, ['end quietly', 'close false'])
    const error = await new Promise<Error | null | undefined>((resolve) => { t.notOk(lane.write(Buffer.from('late'), resolve)) })
    t.match(error, { message: /closed/ })
    t.notOk(lane.write(Buffer.from('late')))
  })

  t.test('may be destroyed or ended before the connection is there, and then closes it', async (t) => {
    for (const how of ['destroy', 'end'] as const) {
      let resolve: (socket: Socket) => void = () => {}
      const { lane, told } = listened(new Promise((_resolve) => { resolve = _resolve }))
      lane[how]()
      await nextTurn()
      await nextTurn()
      t.same(told, ['end quietly', 'close false'], how)
      const server = createServer((socket) => socket.on('error', () => {}))
      await new Promise<void>((_resolve) => { server.listen(0, '127.0.0.1', _resolve) })
      const address = server.address()
      const raw = createConnection(typeof address === 'object' ? address?.port ?? 0 : 0)
      raw.on('error', () => {})
      resolve(raw)
      await nextTurn()
      t.ok(raw.destroyed, how)
      server.close()
    }
  })

  t.test('says goodbye with or without a last word', async (t) => {
    for (const word of ['bye', undefined]) {
      const { lane, peer } = await connected(t)
      const rest: string[] = []
      peer.on('data', (chunk) => { rest.push(chunk.toString()) })
      const ended = new Promise<void>((resolve) => { peer.once('end', resolve) })
      if (word === undefined) lane.end()
      else lane.end(Buffer.from(word))
      await ended
      t.same(rest, word === undefined ? [] : [word])
    }
  })

  t.test('tells of a connection that could not be made, when the driver listens', async (t) => {
    const { told } = listened(Promise.reject(new Error('refused')))
    await sleep(10)
    t.same(told, ['end refused', 'error refused', 'close true'])
    const { told: odd } = listened(Promise.reject(new Error('odd')).catch((cause: Error) => { throw String(cause.message) }))
    await sleep(10)
    t.same(odd[0], 'end no connection')
  })
})

import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { VirtualSocket } from '../../../../lib/data/lanes/virtual-socket.ts'

function scene () {
  const seen = { written: new Array<string>(), paused: new Array<boolean>(), data: new Array<unknown>(), ended: new Array<string>() }
  const socket = new VirtualSocket(Buffer.from('hello'), { written: (bytes) => { seen.written.push(bytes.toString()) }, paused: (isPaused) => { seen.paused.push(isPaused) } })
  const listen = (): void => {
    socket.on('data', (bytes) => { seen.data.push(String(bytes)) })
    socket.once('close', () => { seen.ended.push('close') })
    socket.on('error', () => { seen.ended.push('error') })
  }
  return { seen, socket, listen }
}

t.test('VirtualSocket', async (t) => {
  t.test('greets who logs in, and then hands on what is written', async (t) => {
    const { seen, socket, listen } = scene()
    listen()
    let isWritten = false
    t.ok(socket.write(Buffer.from('start-up'), () => { isWritten = true }))
    t.same(seen.data, [], 'never from inside a write')
    await turn()
    socket.write(Buffer.from('statement'))
    t.match(seen, { data: ['hello'], written: ['statement'] })
    t.ok(isWritten)
    socket.setKeepAlive().pause().resume()
    t.same(seen.paused, [true, false])
  })

  t.test('ends with an error in one step (D-10) and keeps what the driver still writes, and is silent afterwards', async (t) => {
    const { seen, socket, listen } = scene()
    listen()
    socket.fail(new Error('given up'))
    socket.fail(new Error('given up'))
    t.same(seen.ended, ['error'])
    t.notOk(socket.write(Buffer.from('late')))
    socket.deliver(Buffer.from('late'))
    t.match(seen, { written: [], data: [] })
    t.equal(socket.readyState, 'closed')
  })

  t.test('tells a driver that connects too late that it is closed', async (t) => {
    const { seen, socket, listen } = scene()
    socket.fail(new Error('given up'))
    listen()
    await turn()
    t.same(seen.ended, ['error'])
  })

  t.test('is deaf to listeners that were taken away', async (t) => {
    const { seen, socket, listen } = scene()
    listen()
    socket.removeListener('data')
    socket.deliver(Buffer.from('x'))
    socket.removeAllListeners()
    socket.end()
    socket.fail(new Error('given up'))
    t.match(seen, { data: [], ended: [] })
  })
})

/** A bound socket holds whoever connects until somebody serves, and lets nobody wait for nothing. */
import t from 'tap'
import { acceptWire } from '../../../dp/codec/wire.ts'
import { TcpListener } from '../../../dp/listener/tcp-listener.ts'
import { freePorts } from '../../support/ports.ts'
import { rawClient } from '../../support/raw-sockets.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

t.test('hands on unread whoever connected before it was opened', async t => {
  const [port = 0] = await freePorts(1)
  const listener = await TcpListener.bind(LOOPBACK, port)
  t.teardown(() => listener.close())
  const client = await rawClient(port)
  client.send('early')
  // The listener has accepted as soon as its own turn has come.
  await new Promise(resolve => setImmediate(resolve))
  const heard = new Promise<string>(resolve => {
    listener.open(socket => {
      const wire = acceptWire(socket, 'shared')
      wire.sink = {
        onBytes: (bytes, start, end) => resolve(bytes.toString('latin1', start, end)),
        onEnd: () => wire.end(),
        onDrain() {},
        onClose() {},
      }
    })
  })
  t.equal(await heard, 'early')
  client.socket.end()
  t.equal(await client.ended, 'end')
})

t.test('resets whoever is held when it closes', async t => {
  const [port = 0] = await freePorts(1)
  const listener = await TcpListener.bind(LOOPBACK, port)
  const client = await rawClient(port)
  await new Promise(resolve => setImmediate(resolve))
  listener.close()
  t.equal(await client.ended, 'reset')
  await t.rejects(rawClient(port), { code: 'ECONNREFUSED' })
})

t.test('says why it cannot bind', async t => {
  const [port = 0] = await freePorts(1)
  const listener = await TcpListener.bind(LOOPBACK, port)
  t.teardown(() => listener.close())
  await t.rejects(TcpListener.bind(LOOPBACK, port), { code: 'EADDRINUSE' })
})

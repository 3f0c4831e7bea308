/** What systemd is told, read at the other end of a real datagram socket. */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openNotifySocket } from '../../../../dp/base/process/sd-notify.ts'
import { startNotifyReceiver } from '../../../support/notify-receiver.ts'

const hasPython = spawnSync('python3', ['-V']).status === 0
const needsPython = hasPython ? {} : { skip: 'python3 is not installed: nothing can receive datagrams' }
const hasProgram = spawnSync('systemd-notify', ['--version']).status === 0
const needsProgram =
  hasProgram && hasPython ? {} : { skip: 'systemd-notify or python3 is not installed: there is no fallback' }
// the paths of t.testdir() are too long for a socket
const folder = mkdtempSync(join(tmpdir(), 'vmesh-notify-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const newPath = (): string => join(folder, randomUUID().slice(0, 8))
const fail = (reason: string): never => {
  throw new Error(reason)
}

t.test('sends messages in their order, to a path and to an abstract address', needsPython, async t => {
  for (const address of [newPath(), `@vmesh-test-${randomUUID()}`]) {
    const systemd = await startNotifyReceiver(address)
    const socket = openNotifySocket(address, { onFault: fail })
    const messages = [
      'READY=1\nSTATUS=snapshot 1:7',
      'STATUS=größer',
      'WATCHDOG=1',
      'WATCHDOG=1',
      'STOPPING=1',
    ]
    for (const message of messages) socket.send(message)
    for (const message of messages) t.equal(await systemd.next(), message)
    socket.close()
    await systemd.stop()
  }
})

t.test('sends later what could not be sent at once, pings that wait as one', needsPython, async t => {
  const address = newPath()
  const socket = openNotifySocket(address, { onFault: fail })
  for (const message of ['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'STATUS=up']) socket.send(message)
  const systemd = await startNotifyReceiver(address)
  for (const message of ['READY=1', 'WATCHDOG=1', 'STATUS=up']) t.equal(await systemd.next(), message)
  socket.close()
  await systemd.stop()
})

t.test('sends nothing after close', needsPython, async t => {
  const address = newPath()
  const systemd = await startNotifyReceiver(address)
  const closed = openNotifySocket(address, { onFault: fail })
  closed.close()
  closed.send('READY=1')
  const open = openNotifySocket(address, { onFault: fail })
  open.send('STATUS=of another')
  t.equal(await systemd.next(), 'STATUS=of another')
  open.close()
  await systemd.stop()
})

t.test('falls back to the program systemd-notify', needsProgram, async t => {
  const address = newPath()
  const systemd = await startNotifyReceiver(address)
  const socket = openNotifySocket(address, { onFault: fail, withoutFfi: true })
  socket.send('READY=1\nSTATUS=up')
  socket.send('STOPPING=1')
  // after each message the program waits until systemd has worked on it
  for (const message of ['READY=1\nSTATUS=up', 'BARRIER=1', 'STOPPING=1', 'BARRIER=1']) {
    t.equal(await systemd.next(), message)
  }
  socket.close()
  await systemd.stop()
})

t.test('does nothing when systemd did not start the process', async t => {
  for (const address of [undefined, '']) {
    const socket = openNotifySocket(address, { onFault: fail })
    t.doesNotThrow(() => socket.send('READY=1'))
    socket.close()
  }
})

t.test('says what cannot be used, and does not throw', async t => {
  const faults: string[] = []
  const socket = openNotifySocket(`/${'x'.repeat(200)}`, { onFault: reason => faults.push(reason) })
  socket.close()
  t.same(faults.length, 1)
  t.match(faults, [/is no Unix socket address.*using the program systemd-notify/])
})

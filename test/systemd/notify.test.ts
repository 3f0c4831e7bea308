/** What the daemons tell systemd while they live, as `Type=notify` and `WatchdogSec=` need it. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { Lab } from '../support/lab.ts'
import { startNotifyReceiver } from '../support/notify-receiver.ts'

const hasPython = spawnSync('python3', ['-V']).status === 0
const needsPython = hasPython ? {} : { skip: 'python3 is not installed: nothing can receive datagrams' }

t.test('the control plane says ready, feeds the watchdog, and says that it stops', needsPython, async t => {
  const lab = new Lab()
  t.teardown(() => lab.close())
  const socket = join(lab.dir, 'notify')
  const systemd = await startNotifyReceiver(socket)
  t.teardown(() => systemd.stop())
  const seen: string[] = []
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(seen.at(-1) ?? '')) seen.push(await systemd.next())
  }
  const running = await lab.startControlPlane({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' })
  await until(/^READY=1/)
  await until(/^WATCHDOG=1$/)
  const code = running.stop('SIGTERM')
  await until(/^STOPPING=1/)
  t.equal(await code, 0)
  t.ok(seen.findIndex(message => message.startsWith('READY=1')) >= 0)
})

/** What a daemon tells systemd: ready, state in words, the watchdog's food, stopping. Without systemd it is silent. */
import { openNotifySocket } from './sd-notify.ts'

export interface Notifier {
  ready(): void
  status(text: string): void
  stopping(): void
  close(): void
}

/** `watchdogUsec`: as in $WATCHDOG_USEC; 0: no watchdog. It is fed at half of its time. */
export function createNotifier(systemd: {
  readonly notifySocket: string | undefined
  readonly watchdogUsec: number
}): Notifier {
  const socket = openNotifySocket(systemd.notifySocket)
  const feedMs = systemd.watchdogUsec / 2_000
  const timer = feedMs > 0 ? setInterval(() => socket.send('WATCHDOG=1'), feedMs).unref() : null
  let last = ''
  return {
    ready: () => socket.send(`READY=1\nSTATUS=${last}`),
    status(text) {
      if (text === last) return
      last = text.replaceAll('\n', ' ')
      socket.send(`STATUS=${last}`)
    },
    stopping: () => socket.send('STOPPING=1'),
    close() {
      if (timer !== null) clearInterval(timer)
      socket.close()
    },
  }
}

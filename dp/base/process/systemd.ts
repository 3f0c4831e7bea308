/** What a daemon tells systemd: ready, state in words, the watchdog's food, stopping. Without systemd it is silent. */
import { openNotifySocket } from './sd-notify.ts'

export interface Notifier {
  ready(): void
  status(text: string): void
  stopping(): void
  close(): void
}

/** Of the process, as systemd set it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Standard output leads to journald. */
export function isUnderJournal(environment: Environment): boolean {
  return environment['JOURNAL_STREAM'] !== undefined
}

/** By $NOTIFY_SOCKET and $WATCHDOG_USEC; the watchdog is fed at half of its time. */
export function createNotifier(environment: Environment): Notifier {
  const socket = openNotifySocket(environment['NOTIFY_SOCKET'])
  const feedMs = Number(environment['WATCHDOG_USEC'] ?? 0) / 2_000
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

/** Waiting until data planes run what they were sent: woken by acknowledgements, never by a clock but the last one. */
import type { ProxySession } from '../proxy-session.ts'

const LONGEST_WAIT_MS = 5_000

export class Settling {
  readonly #waiting = new Set<() => void>()

  /** Resolves when none of them has a snapshot on its way, or after 5 s. */
  settled(sessions: readonly ProxySession[]): Promise<void> {
    return this.until(() => sessions.every(session => session.delivery?.isSettled ?? true), LONGEST_WAIT_MS)
  }

  /** Resolves when `isDone`, asked after each acknowledgement, refusal and end of a session; or after `timeoutMs`. */
  until(isDone: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve()
      }
      const look = (): void => {
        if (isDone()) done()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#waiting.add(look)
      look()
    })
  }

  /** A session settled or ended. */
  changed(): void {
    for (const look of this.#waiting) look()
  }
}

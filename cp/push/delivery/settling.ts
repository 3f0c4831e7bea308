/**
 * Waiting until data planes run what they were sent: woken by what happens to one of them, never by a clock but the last
 * one. A waiter looks at that one only, so that a thousand acknowledgements are a thousand looks and not a million.
 */
import type { ProxySession } from '../proxy-session.ts'

/** `open`: not yet; `done`: nothing more to wait for with this one; `over`: nothing more to wait for at all. */
export type Verdict = 'open' | 'done' | 'over'

export interface Wait {
  readonly mesh: string
  readonly names: Iterable<string>
  /** Asked of each name at first, and of one that something happened to. */
  readonly look: (name: string) => Verdict
  readonly signal: AbortSignal
}

type Listener = (mesh: string, name: string) => void

const LONGEST_WAIT_MS = 5_000

export class Settling {
  readonly #listeners = new Set<Listener>()

  /** Resolves when none of them has a snapshot on its way, or after 5 s. */
  async settled(mesh: string, sessions: readonly ProxySession[]): Promise<void> {
    const byName = new Map(sessions.map(session => [session.name, session]))
    const isSettled = (name: string): boolean => byName.get(name)?.delivery?.isSettled ?? true
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(), LONGEST_WAIT_MS)
    const look = (name: string): Verdict => (isSettled(name) ? 'done' : 'open')
    await this.until({ mesh, names: byName.keys(), look, signal: limit.signal })
    clearTimeout(timer)
  }

  /** Resolves when `look` has said `done` of each, or `over` of one, or when the signal says so. */
  until({ mesh, names, look, signal }: Wait): Promise<void> {
    return new Promise(resolve => {
      const open = new Set(names)
      const finish = (): void => {
        this.#listeners.delete(listen)
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const judge = (name: string): boolean => {
        const verdict = look(name)
        if (verdict !== 'open') open.delete(name)
        return verdict === 'over'
      }
      const listen = (ofMesh: string, name: string): void => {
        if (ofMesh !== mesh || !open.has(name)) return
        if (judge(name) || open.size === 0) finish()
      }
      const isOver = [...open].some(judge)
      if (isOver || open.size === 0 || signal.aborted) return resolve()
      this.#listeners.add(listen)
      signal.addEventListener('abort', finish)
    })
  }

  /** It acknowledged or refused, its session ended, or its Dataplane was deleted. */
  changed(mesh: string, name: string): void {
    for (const listen of this.#listeners) listen(mesh, name)
  }

  /** Who waits. */
  get count(): number {
    return this.#listeners.size
  }
}

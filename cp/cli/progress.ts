/** How far long work is: one line on standard error that renews itself, where somebody watches. */
import type { World } from './world.ts'

export interface Progress {
  /** One more is done. */
  tick(): void
  /** Other text follows: takes the line away. */
  clear(): void
}

/** Less is done before anybody reads it. */
const WORTH_SHOWING = 20
const RENEW_MS = 100

/** @param what `applied`: as in `applied 120 of 1000` */
export function progressOf(what: string, total: number, world: World): Progress {
  if (!world.isTerminal || total < WORTH_SHOWING) return { tick() {}, clear() {} }
  let done = 0
  let shownMs = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    tick() {
      done++
      const nowMs = world.nowMs()
      if (done === total || nowMs - shownMs < RENEW_MS) return
      shownMs = nowMs
      isShown = true
      world.err(`\r${what} ${done} of ${total}\x1b[K`)
    },
    clear() {
      if (isShown) world.err('\r\x1b[K')
      isShown = false
    },
  }
}

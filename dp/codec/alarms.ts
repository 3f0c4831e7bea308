/**
 * Times to the millisecond for many calls at once: all that wait for the same time stand in one line in the order in which
 * they came, so that one timer serves them all and to join or leave the line costs nothing.
 */

/** Kept by its owner for one time after the other; it stands in one line at most. */
export class Alarm {
  /** Of the line's clock. */
  dueMs = 0
  before: Alarm | null = null
  behind: Alarm | null = null
  line: Line | null = null
  readonly onTime: () => void

  /** `onTime`: called when the time is up; the alarm has left its line. */
  constructor(onTime: () => void) {
    this.onTime = onTime
  }

  /** It does not happen. */
  clear(): void {
    this.line?.remove(this)
  }
}

class Line {
  #first: Alarm | null = null
  #last: Alarm | null = null
  #isTimed = false
  readonly #ms: number

  constructor(ms: number) {
    this.#ms = ms
  }

  add(alarm: Alarm): void {
    alarm.dueMs = performance.now() + this.#ms
    alarm.line = this
    alarm.before = this.#last
    if (this.#last === null) this.#first = alarm
    else this.#last.behind = alarm
    this.#last = alarm
    if (!this.#isTimed) this.#wait(this.#ms)
  }

  remove(alarm: Alarm): void {
    const { before, behind } = alarm
    if (before === null) this.#first = behind
    else before.behind = behind
    if (behind === null) this.#last = before
    else behind.before = before
    alarm.before = null
    alarm.behind = null
    alarm.line = null
  }

  /** A timer that fires for nobody is cheaper than one that is set for each. */
  #wait(ms: number): void {
    this.#isTimed = true
    setTimeout(() => this.#ring(), Math.max(1, Math.ceil(ms))).unref()
  }

  #ring(): void {
    this.#isTimed = false
    const nowMs = performance.now()
    for (let alarm = this.#first; alarm !== null && alarm.dueMs <= nowMs; alarm = this.#first) {
      this.remove(alarm)
      alarm.onTime()
    }
    if (this.#first !== null && !this.#isTimed) this.#wait(this.#first.dueMs - nowMs)
  }
}

/** Lines that nobody uses any more are forgotten with the rest when there are more than that. */
const MAX_LINES = 1000
const lines = new Map<number, Line>()

/** Calls the alarm in `ms`, more than 0 and at most 2^31 - 1; what it was set to before does not happen. */
export function setAlarm(alarm: Alarm, ms: number): void {
  alarm.clear()
  let line = lines.get(ms)
  if (line === undefined) {
    if (lines.size >= MAX_LINES) lines.clear()
    line = new Line(ms)
    lines.set(ms, line)
  }
  line.add(alarm)
}

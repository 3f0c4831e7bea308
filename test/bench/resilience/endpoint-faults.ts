/** Which of many endpoints fail, and how: one in ten, in four ways by turns. */

const FAULTS = ['answers 503', 'resets', 'refuses', 'hangs'] as const

/** `at`: its number, from 0. */
export function faultAt(at: number): 'none' | (typeof FAULTS)[number] {
  return at % 10 === 9 ? (FAULTS[Math.floor(at / 10) % FAULTS.length] ?? 'none') : 'none'
}

/** Of the loopback. */
export function addressAt(at: number): string {
  return `127.0.${1 + Math.floor(at / 250)}.${1 + (at % 250)}`
}

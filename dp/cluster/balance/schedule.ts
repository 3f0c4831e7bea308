/**
 * Weights as a list: each member stands in it as often as it has weight, as far from itself as can be (nginx's smooth
 * weighted round robin). Who walks it shares in turn, who draws from it shares at random.
 */
import type { Candidate } from './balancer.ts'

/** Longer lists are made shorter by rounding the weights. */
const MAX_LENGTH = 8192

/** Indexes of members; with equal weights each stands once. */
export function scheduleOf(members: readonly Candidate[]): Uint32Array {
  const weights = roundedWeights(members)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const schedule = new Uint32Array(total)
  if (total === members.length) return schedule.map((_, at) => at)
  const credit = weights.map(() => 0)
  for (let turn = 0; turn < total; turn++) {
    let best = 0
    for (let at = 0; at < weights.length; at++) {
      credit[at] = (credit[at] ?? 0) + (weights[at] ?? 0)
      if ((credit[at] ?? 0) > (credit[best] ?? 0)) best = at
    }
    credit[best] = (credit[best] ?? 0) - total
    schedule[turn] = best
  }
  return schedule
}

/** The smallest whole numbers of these shares that make a list of that length; nobody gets none. */
function roundedWeights(members: readonly Candidate[]): number[] {
  const divisor = members.reduce((common, { weight }) => greatestDivisor(common, weight), 0) || 1
  const exact = members.map(({ weight }) => weight / divisor)
  const total = exact.reduce((sum, weight) => sum + weight, 0)
  const most = Math.max(MAX_LENGTH, members.length)
  return total <= most ? exact : exact.map(weight => Math.max(1, Math.round((weight * most) / total)))
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}

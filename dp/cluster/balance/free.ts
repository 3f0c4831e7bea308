/** Which endpoints may be picked. */
import type { Candidate } from './balancer.ts'

/** Healthy and not tried for this call. */
export function isFree<Member extends Candidate>(member: Member, tried: readonly Member[]): boolean {
  return member.endpoint.isHealthy && !tried.includes(member)
}

/** The first that is, from a place of the schedule on; null: there is none. */
export function firstFree<Member extends Candidate>(
  members: readonly Member[],
  schedule: ArrayLike<number>,
  from: number,
  tried: readonly Member[],
): Member | null {
  const { length } = schedule
  for (let step = 0, at = from; step < length; step++, at = at + 1 >= length ? 0 : at + 1) {
    const member = members[schedule[at] ?? 0]
    if (member !== undefined && isFree(member, tried)) return member
  }
  return null
}

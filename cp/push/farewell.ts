/**
 * A daemon that stops: taken out of rotation first, then its callers are told, and only when they have acknowledged
 * (or after 5 s) it may close. Its Dataplane goes when its connection does (session.ts).
 */
import type { PushContext } from './context.ts'
import type { ProxySession } from './proxy-session.ts'

export async function leave(
  { scheduler, sessions, settled }: PushContext,
  session: ProxySession,
): Promise<void> {
  const callers = scheduler.mesh(session.mesh)?.callersOf(session.name) ?? new Set<string>()
  scheduler.setRotation(session.mesh, session.name, 'left')
  await scheduler.idle()
  await settled(
    [...callers].flatMap(name => sessions.get(session.mesh, name) ?? []).filter(one => one !== session),
  )
  session.send({ type: 'left' })
}

/**
 * A daemon that stops: taken out of rotation first, then its callers are told, and only when they have acknowledged
 * (or after 5 s) it may close. When its connection ends its Dataplane goes too, unless a successor has come meanwhile.
 */
import type { PushContext } from './context.ts'
import type { ProxySession } from './proxy-session.ts'
import { authorOf } from './registration.ts'
import type { Holder } from './sessions.ts'

export async function leave(
  { scheduler, sessions, settling }: PushContext,
  session: ProxySession,
): Promise<void> {
  const callers = scheduler.mesh(session.mesh)?.callersOf(session.name) ?? new Set<string>()
  scheduler.setRotation(session.mesh, session.name, 'left')
  await scheduler.idle()
  await settling.settled(
    session.mesh,
    [...callers].flatMap(name => sessions.get(session.mesh, name) ?? []).filter(one => one !== session),
  )
  session.send({ type: 'left' })
}

/** After the connection. A Dataplane that an operator made stays, and serves nobody until its daemon is back. */
export async function depart(
  { scheduler, sessions, turns, removeDataplane }: PushContext,
  holder: Holder,
  isDataplaneOurs: boolean,
): Promise<void> {
  const { mesh, name } = holder
  await turns.take(mesh, name, async () => {
    if (sessions.isTakenOver(holder)) return
    scheduler.setRotation(mesh, name, 'out')
    try {
      if (isDataplaneOurs) await removeDataplane(mesh, name, authorOf(name))
    } finally {
      sessions.release(holder)
    }
  })
}

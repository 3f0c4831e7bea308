/** The deletion of a Dataplane whose daemon is connected: it is written again, and who deleted it wonders. A sentence for that. */
import type { Resource } from '../../kinds/kind.ts'
import { BY_DAEMON, REGISTERED_BY } from '../../push/registration.ts'
import type { ApiContext } from '../request.ts'

/** To be asked before the deletion, which ends the connection. */
export function returningSentences({ live }: Pick<ApiContext, 'live'>, before: Resource): readonly string[] {
  const { type, mesh, name, labels } = before
  if (type !== 'Dataplane' || live.sessions.get(mesh, name) === null) return []
  const then =
    labels[REGISTERED_BY] === BY_DAEMON
      ? 'registers it again at once'
      : 'registers it again where it has a --dataplane-file, or waits until there is one again'
  return [
    `the data plane ${mesh}/${name} is connected and ${then}; stop vmesh-dp there, which takes a Dataplane that it registered away with it`,
  ]
}

/**
 * The Dataplane of a hello: checked, proved by the token and written, or found where it exists already. A Dataplane
 * that a daemon made bears a label, so that it goes when the daemon goes.
 */
import type { Hello } from '#contract/messages.ts'
import type { Violation } from '#contract/reader.ts'
import type { Resource } from '../kinds/kind.ts'
import { type DataplaneSpec, dataplane as dataplaneKind, withZoneTag } from '../kinds/proxy/dataplane.ts'
import { readResource } from '../kinds/validate.ts'
import type { PushContext } from './context.ts'
import type { ProxySession } from './proxy-session.ts'

/** On Dataplanes that a daemon registered from its file. */
export const REGISTERED_BY = 'vmesh.io/registered-by'
export const BY_DAEMON = 'data-plane'

export type Registration =
  | { readonly ok: true; readonly byDaemon: boolean }
  | {
      readonly ok: false
      readonly code: string
      readonly message: string
      readonly permanent: boolean
      readonly violations: readonly Violation[]
    }

/** Of what a data plane writes about itself. */
export function authorOf(dataplane: string): string {
  return `dataplane:${dataplane}`
}

/** Throws what the guarded store throws: `store.disk`, `store.mesh-missing`. */
export async function register(
  { store, guarded, zone }: PushContext,
  session: ProxySession,
  hello: Hello,
): Promise<Registration> {
  const { mesh, name } = session
  const stored = (await store.get({ type: 'Dataplane', mesh, name })) as Resource<DataplaneSpec> | null
  if (stored !== null) {
    const fault = session.proof.fits(stored)
    if (fault !== null) return refusal('push.token', fault, true)
  }
  if (hello.dataplane === null) {
    if (stored !== null) return { ok: true, byDaemon: false }
    const message = `there is no Dataplane ${name} in mesh ${mesh}; create it or start with --dataplane-file`
    return refusal('push.dataplane-missing', message, false)
  }
  const read = readResource(dataplaneKind, hello.dataplane, { mesh, name })
  if (!read.ok)
    return refusal('push.invalid-dataplane', `${read.title}: ${read.detail}`, true, read.violations)
  // as it will be stored: a token may demand the zone
  const fault = session.proof.fits({ ...read.draft, spec: withZoneTag(read.draft.spec, zone) })
  if (fault !== null) return refusal('push.token', fault, true)
  const byDaemon = stored === null || stored.labels[REGISTERED_BY] === BY_DAEMON
  const labels = byDaemon ? { ...read.draft.labels, [REGISTERED_BY]: BY_DAEMON } : read.draft.labels
  const written = await guarded.put(dataplaneKind, { ...read.draft, labels }, { author: authorOf(name) })
  if (!written.ok) return refusal('push.invalid-dataplane', written.title, true, written.violations)
  for (const field of read.unknownFields)
    session.log.warn({ field }, 'unknown field of the Dataplane is ignored')
  return { ok: true, byDaemon }
}

function refusal(
  code: string,
  message: string,
  permanent: boolean,
  violations: readonly { readonly field: string; readonly message: string }[] = [],
): Registration {
  return {
    ok: false,
    code,
    message,
    permanent,
    violations: violations.map(violation => ({ path: violation.field, message: violation.message })),
  }
}

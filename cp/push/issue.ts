/** Signing requests: the names come from the stored Dataplane, the request gives nothing but its public key. */
import { messageOf } from '#base/errors.ts'
import type { IssueRequest } from '#contract/messages.ts'
import { lifetimeOf } from '../ca/lifetime.ts'
import type { PushContext } from './context.ts'
import type { ProxySession } from './proxy-session.ts'

export async function issueFor(
  { scheduler, ca, insights }: PushContext,
  session: ProxySession,
  { id, csr }: IssueRequest,
): Promise<void> {
  const identity = scheduler.snapshot(session.mesh, session.name)?.identity
  const mesh = scheduler.mesh(session.mesh)?.mesh
  if (identity === null || identity === undefined || mesh === undefined) {
    const reason = `mesh ${session.mesh} has no mTLS, or no snapshot for this data plane yet`
    return session.send({ type: 'issue-refused', id, reason })
  }
  const { backend, uris, trustDomain } = identity
  try {
    const lifetimeMs = lifetimeOf(mesh.spec)
    const issued = await ca.issue({ mesh: session.mesh, backend, csrPem: csr, uris, lifetimeMs })
    session.send({ type: 'issued', id, chain: issued.chainPem, uris, backend, trustDomain })
    const { insight } = session
    if (insight === null) return
    const regenerations = (insight.certificate?.regenerations ?? 0) + 1
    insight.certificate = { notAfterMs: issued.notAfterMs, issuedAtMs: Date.now(), regenerations, backend }
    insights.touch(insight)
  } catch (error) {
    session.log.error({ err: error }, 'cannot issue a certificate')
    session.send({ type: 'issue-refused', id, reason: messageOf(error) })
  }
}

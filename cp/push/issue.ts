/**
 * Signing requests: the names come from the stored Dataplane, the request gives nothing but its public key. And what
 * data planes report of the certificate that they use, which may be older than what is known here.
 */
import { messageOf } from '#base/errors.ts'
import type { IssueRequest, Report } from '#contract/messages.ts'
import { BACKDATE_MS, lifetimeOf } from '../ca/lifetime.ts'
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

/** One that was issued here is known better than the certificate tells; as in Kuma, without mTLS there is none. */
export function certificateReported(
  { insights }: PushContext,
  { insight }: ProxySession,
  { certificate }: Report,
): void {
  const known = insight?.certificate ?? null
  if (insight === null || certificate?.notAfterMs === known?.notAfterMs) return
  insight.certificate =
    certificate === null
      ? null
      : {
          notAfterMs: certificate.notAfterMs,
          issuedAtMs: certificate.notBeforeMs + BACKDATE_MS,
          regenerations: known?.regenerations ?? 1,
          backend: certificate.backend,
        }
  insights.touch(insight)
}

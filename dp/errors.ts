/**
 * The reasons for which the data plane refuses or fails a call: reason code → the answer of an HTTP listener, and
 * one line for people. An HTTP answer carries the code as `x-vmesh-reason`; a TCP connection is closed and the code
 * counted. Statuses and bodies are Kuma's where Kuma has them (kuma-semantics.md 3.0).
 */

/** Header of an answer that the mesh made itself: `KIND/NAME` of the policy that decided. */
export const POLICY_FIELD = 'x-vmesh-policy'

/** Header with the value `true` of an answer with the reason `overflow`: Envoy's. */
export const OVERLOADED_FIELD = 'x-envoy-overloaded'

export interface Reason {
  readonly status: number
  /** Sent as text/plain, without a newline at the end. */
  readonly body: string
  readonly doc: string
}

/** How an answer differs from what the table says. */
export interface AnswerForm {
  readonly status: number
  /** Fields in place of its own, and beside them. Names in lower case. */
  readonly set: readonly AnswerField[]
  readonly add: readonly AnswerField[]
}

interface AnswerField {
  readonly name: string
  readonly value: string
}

const BROKEN = 'upstream connect error or disconnect/reset before headers. reset reason:'

export const REASONS = {
  'permission-denied': {
    status: 403,
    body: 'RBAC: access denied',
    doc: 'No MeshTrafficPermission allows this client to call this service; look at the policies that select it.',
  },
  'no-healthy-endpoint': {
    status: 503,
    body: 'no healthy upstream',
    doc: 'The called service has no endpoint: no data plane offers it, or all of them are offline.',
  },
  'connection-refused': {
    status: 503,
    body: `${BROKEN} remote connection failure`,
    doc: 'Nobody listens at the endpoint: the data plane of the called service is not running, or elsewhere.',
  },
  'application-refused': {
    status: 503,
    body: `${BROKEN} remote connection failure`,
    doc: 'The data plane of the called service answers, and its application does not listen on the servicePort.',
  },
  'connect-timeout': {
    status: 503,
    body: `${BROKEN} connection timeout`,
    doc: 'No connection within the connect timeout: host down, packets dropped, or no answer to the TLS handshake.',
  },
  unreachable: {
    status: 503,
    body: `${BROKEN} remote connection failure`,
    doc: 'There is no route to the address of the endpoint, or the connection broke while it was made.',
  },
  'name-not-resolved': {
    status: 503,
    body: `${BROKEN} remote connection failure`,
    doc: 'The host name of the endpoint has no address; check DNS on this machine.',
  },
  'handshake-failed': {
    status: 503,
    body: `${BROKEN} remote connection failure, transport failure reason: TLS handshake failed`,
    doc: 'The other side does not speak TLS 1.3 for the mesh, or gave up during the handshake; see its log.',
  },
  'untrusted-peer': {
    status: 503,
    body: `${BROKEN} remote connection failure, transport failure reason: certificate is not trusted`,
    doc: 'The certificate of the other side does not chain to the roots of its trust domain.',
  },
  'wrong-server-identity': {
    status: 503,
    body: `${BROKEN} remote connection failure, transport failure reason: server has another identity`,
    doc: 'The other side is of the mesh but does not hold a name of the called service: a stale address, or worse.',
  },
  'certificate-expired': {
    status: 503,
    body: `${BROKEN} remote connection failure, transport failure reason: certificate has expired`,
    doc: 'The certificate of this data plane or of the other side has expired; see its connection to the control plane.',
  },
  'no-identity': {
    status: 503,
    body: `${BROKEN} remote connection failure, transport failure reason: no certificate yet`,
    doc: 'This data plane has no certificate yet: it has not reached its control plane since it was installed.',
  },
  'connection-termination': {
    status: 503,
    body: `${BROKEN} connection termination`,
    doc: 'The other side closed the connection before its answer was complete; see the log of the application.',
  },
  overflow: {
    status: 503,
    body: `${BROKEN} overflow`,
    doc: 'As much is under way to the service as a MeshCircuitBreaker or CircuitBreaker allows (maxRequests, maxPendingRequests, maxConnections), or to one endpoint as this data plane allows.',
  },
  overload: {
    status: 503,
    body: 'overloaded',
    doc: 'This data plane carries as many clients or calls, or uses as much memory, as it may (--max-clients, --max-calls, --max-memory-mb); what runs goes on.',
  },
  'bad-response': {
    status: 502,
    body: `${BROKEN} protocol error`,
    doc: 'The answer of the application is not valid HTTP/1.1, or could be read in two ways.',
  },
  'stream-timeout': {
    status: 504,
    body: 'stream timeout',
    doc: 'Not one byte moved in either direction for the idle time of a call.',
  },
  'rate-limited': {
    status: 429,
    body: 'local_rate_limited',
    doc: 'The called data plane has taken as many requests or connections as a MeshRateLimit or RateLimit lets it.',
  },
  'fault-abort': {
    status: 503,
    body: 'fault filter abort',
    doc: 'A MeshFaultInjection or FaultInjection of the called data plane has answered in place of the application, with the status that it says.',
  },
  'request-timeout': {
    status: 504,
    body: 'upstream request timeout',
    doc: 'The response was not complete within the request timeout of a MeshTimeout or Timeout (15 s behind the called data plane where none says otherwise).',
  },
  'per-try-timeout': {
    status: 504,
    body: 'upstream request timeout',
    doc: 'No try of the call was answered within the per-try timeout of a MeshRetry or Retry.',
  },
  'max-stream-duration': {
    status: 504,
    body: 'upstream max stream duration reached',
    doc: 'The call took longer than the maximum stream duration of a MeshTimeout or Timeout.',
  },
  'bad-request': {
    status: 400,
    body: 'Bad Request',
    doc: 'The request is not valid HTTP/1.1, or could be read in two ways; it was not passed on.',
  },
  'missing-host': {
    status: 400,
    body: '',
    doc: 'HTTP/1.1 demands exactly one Host header.',
  },
  'head-timeout': {
    status: 408,
    body: 'Request Timeout',
    doc: 'The head of the request did not arrive in time.',
  },
  'head-too-large': {
    status: 431,
    body: 'Request Header Fields Too Large',
    doc: 'The head of the request is over 60 KiB or has more than 100 fields.',
  },
  'http-version': {
    status: 505,
    body: 'HTTP Version Not Supported',
    doc: 'Neither HTTP/1.0, HTTP/1.1 nor HTTP/2.',
  },
  'not-implemented': {
    status: 501,
    body: 'Not Implemented',
    doc: 'A transfer coding other than chunked, or an extended CONNECT for something other than WebSocket.',
  },
  'policy-change': {
    status: 503,
    body: `${BROKEN} connection termination`,
    doc: 'The call was ended by a change of what this data plane runs: its listener or destination is gone.',
  },
} as const satisfies Readonly<Record<string, Reason>>

export type ReasonCode = keyof typeof REASONS

/** Of a text that another data plane has sent. */
export function isReason(text: string): text is ReasonCode {
  return Object.hasOwn(REASONS, text)
}

/** `isLastHop`: a data plane speaks of its own application, which is not there, while the mesh is well. */
export function reasonAt(isLastHop: boolean, reason: ReasonCode): ReasonCode {
  return isLastHop && reason === 'connection-refused' ? 'application-refused' : reason
}

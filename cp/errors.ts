/**
 * The catalogue of the control plane's errors: code → the answer of the HTTP API and one line for people. Every
 * `CodedError` that can reach a caller of the API has a line here; what has none is a bug and answers 500.
 */

export interface ErrorEntry {
  readonly status: number
  /** null: the title of the operation that failed (`Could not create a resource`). */
  readonly title: string | null
  /** The same request may work later as it is. */
  readonly isRetryable: boolean
  /** Fixed `detail` where Kuma has one, or the message is for the log alone; else the message of the error. */
  readonly detail?: string
  readonly doc: string
}

export const ERRORS: Readonly<Record<string, ErrorEntry>> = {
  'api.conflict': {
    status: 412,
    title: 'Precondition Failed',
    isRetryable: false,
    doc: 'If-Match or If-None-Match does not fit what is stored; read the resource again and repeat the change.',
  },
  'api.aborted': {
    status: 400,
    title: 'Bad Request',
    isRetryable: true,
    doc: 'The connection ended in the middle of the body.',
  },
  'api.too-large': {
    status: 413,
    title: 'Request Entity Too Large',
    isRetryable: false,
    doc: 'The body is larger than apiServer.maxBodyBytes.',
  },
  'auth.bad-signing-key': {
    status: 500,
    title: null,
    isRetryable: false,
    detail: 'Internal Server Error',
    doc: 'The secret that should hold a signing key holds something else; store an RSA key in it or delete it.',
  },
  'auth.bad-token': {
    status: 401,
    title: 'Invalid authentication data',
    isRetryable: false,
    detail: 'Unauthenticated',
    doc: 'The user token is expired, revoked or not signed by a key of this control plane; ask for a new one.',
  },
  'auth.denied': {
    status: 403,
    title: 'Access Denied',
    isRetryable: false,
    doc: 'The user has no role that allows this; the answer says which right is needed.',
  },
  'auth.no-signing-key': {
    status: 404,
    title: 'Signing Key not found',
    isRetryable: false,
    doc: 'There is no key to sign or verify this token: the mesh does not exist, or its key was deleted.',
  },
  'ca.incomplete': {
    status: 500,
    title: null,
    isRetryable: false,
    detail: 'Internal Server Error',
    doc: 'One half of the CA of a mesh is missing; put the secret back or delete the other half for a new CA.',
  },
  'ca.unavailable': {
    status: 503,
    title: 'Service unavailable',
    isRetryable: true,
    doc: 'The CA of the mesh cannot sign at the moment.',
  },
  'push.bad-answer': {
    status: 502,
    title: 'Could not execute admin operation',
    isRetryable: false,
    doc: 'The data plane answered with something else than was asked; install the same version on both sides.',
  },
  'push.no-answer': {
    status: 504,
    title: 'Could not execute admin operation',
    isRetryable: true,
    doc: 'The data plane is connected and did not answer in time; ask again, or look at it with vmesh-dp status.',
  },
  'push.not-asked': {
    status: 501,
    title: 'Could not execute admin operation',
    isRetryable: false,
    doc: 'The data plane runs a version that answers no questions; install the version of the control plane there.',
  },
  'push.not-connected': {
    status: 500,
    title: 'Could not execute admin operation',
    isRetryable: true,
    doc: 'The data plane is not connected to this control plane, so it cannot be asked.',
  },
  'push.too-many-questions': {
    status: 503,
    title: 'Service unavailable',
    isRetryable: true,
    doc: 'Too many questions wait for data planes to answer; ask again in a moment.',
  },
  'store.closed': {
    status: 503,
    title: 'Service unavailable',
    isRetryable: true,
    doc: 'The control plane is stopping.',
  },
  'store.conflict': {
    status: 409,
    title: 'Conflict',
    isRetryable: true,
    doc: 'Somebody else changed the resource at the same time; read it again and repeat the change.',
  },
  'store.disk': {
    status: 503,
    title: 'Service unavailable',
    isRetryable: true,
    doc: 'The disk is full or failing: nothing was written. Make room; the control plane goes on by itself.',
  },
  'store.mesh-missing': {
    status: 404,
    title: 'Failed to retrieve Mesh',
    isRetryable: false,
    detail: 'Not found',
    doc: 'The mesh of the path does not exist; create it first.',
  },
}

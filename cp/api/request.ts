/**
 * What a handler gets and what the table of routes is made of: words only. Handlers know neither sockets nor the
 * framework; `server.ts` makes these from HTTP, `dispatch.ts` asks who and whether before a handler runs.
 */
import type { Logger } from '#base/log.ts'
import type { AccessControl, Action } from '../auth/access.ts'
import type { AuditTrail } from '../auth/audit/audit-trail.ts'
import type { AuthenticateSettings } from '../auth/authenticate.ts'
import type { RequestFacts } from '../auth/loopback.ts'
import type { Tokens } from '../auth/tokens.ts'
import type { User } from '../auth/user.ts'
import type { Kind, ResourceDraft, ResourceKey } from '../kinds/kind.ts'
import type { DeliveryParts } from '../push/delivery/parts.ts'
import type { Questions } from '../push/questions/questions.ts'
import type { MeshIndex } from '../snapshot/mesh-view.ts'
import type { Deleted, Refused, Stored, WriteOptions } from '../store/guarded-store.ts'
import type { Store } from '../store/store.ts'
import type { Answer } from './http/answer.ts'

export interface IncomingFacts extends RequestFacts {
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  /** The route's pattern as Kuma prints it: `/meshes/{mesh}/dataplanes`. */
  readonly route: string
  /** Scheme and Host header: `http://127.0.0.1:5681`. */
  readonly origin: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Throws `api.too-large`, `api.aborted`. Empty when there is none. */
  body(): Promise<Buffer>
  /** Aborted when the caller has closed the connection: nobody waits for the answer. */
  gone(): AbortSignal
}

export interface ApiRequest extends IncomingFacts {
  readonly user: User
}

export type Method = 'GET' | 'PUT' | 'DELETE' | 'POST'

/** The right that a route needs, and when it is checked. */
export type Right =
  /** Open to all; a wrong token is not even looked at. */
  | { readonly check: 'never' }
  /** Open to all who do not lie about who they are. */
  | { readonly check: 'authentication' }
  | { readonly check: 'before'; readonly action: Action }
  /** By the handler, which has to look at more first; anonymous callers, who may never, do not come that far. */
  | { readonly check: 'inside'; readonly action: Action }

export interface Endpoint {
  readonly right: Right
  /** Title of an error that has none of its own: `Could not retrieve a resource`. */
  readonly operation: string
  /** `resource`: JSON, YAML and what curl sends; `json`: JSON and YAML by name. Without: it has no body. */
  readonly consumes?: 'resource' | 'json'
  /** The answer is text whatever was asked for. */
  readonly producesText?: true
  handle(request: ApiRequest): Promise<Answer>
}

export interface Route {
  /** With `:name` for parameters. */
  readonly path: string
  readonly methods: Readonly<Partial<Record<Method, Endpoint>>>
}

/** What is compiled and who is connected at this moment. */
export interface Live extends DeliveryParts {
  /** undefined: there is no such mesh. */
  mesh(name: string): MeshIndex | undefined
  /** To connected data planes. */
  readonly questions: Pick<Questions, 'configuration' | 'statistics'>
}

/** The guarded store for requests: no write without asking for the right to it. */
export interface PermittedStore {
  put<Spec>(
    kind: Kind<Spec>,
    draft: ResourceDraft<Spec>,
    options: PermittedWrite,
  ): Promise<Stored<Spec> | Refused>
  delete(key: ResourceKey, options: PermittedWrite): Promise<Deleted | Refused>
}

export type PermittedWrite = WriteOptions & Required<Pick<WriteOptions, 'author' | 'permit'>>

/** What handlers work with; the assembly gives it once. */
export interface ApiContext {
  readonly store: Store
  readonly guarded: PermittedStore
  readonly tokens: Tokens
  readonly access: AccessControl
  readonly audit: AuditTrail
  readonly authenticate: AuthenticateSettings
  readonly log: Logger
  readonly version: string
  /** What clients of Kuma are told that they talk to. */
  readonly announce: { readonly product: string; readonly version: string }
  /** Before all paths; may be empty. */
  readonly prefix: string
  /** Address of the GUI; null: there is none. */
  readonly gui: string | null
  /** All changes of resources are refused. */
  readonly isReadOnly: boolean
  /** Name of this control plane's zone. */
  readonly zone: string
  readonly instanceId: string
  readonly clusterId: string
  /** What is known of a data plane at this moment, as DataplaneInsight shows it; undefined: never connected. */
  readonly insight: (mesh: string, name: string) => object | undefined
  readonly live: Live
  /** The effective settings, as `/config` shows them. */
  readonly config: () => unknown
  readonly isReady: () => boolean
}
